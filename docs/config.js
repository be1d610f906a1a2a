// Where your Vitrine app answers: vitrine pages MODEL --space URL
export const SPACE = "https://your-name-your-space.hf.space";
// The release that answers in the browser where the app can't be reached.
export const TWIN = "";

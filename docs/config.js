// The one line to change: where your Vitrine app answers.
export const SPACE = "https://your-name-your-space.hf.space";

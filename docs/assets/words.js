// Everything the visitor reads that is not the collection's own text.

const COUNTS = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

export const counted = (n) => COUNTS[n] ?? String(n);
export const things = (n) => (n === 1 ? "1 thing" : `${n} things`);

/** A share in words people trust: never a full 100 %, never 0. */
export function percent(share) {
  const whole = Math.round(share * 100);
  if (whole >= 100) return "over 99 %";
  return whole < 1 ? "under 1 %" : `${whole} %`;
}

/** .91, as on the small cards; one digit more where it would read 1.00. */
export const score = (value) => (value >= 0.995 ? "1" : value.toFixed(2).replace(/^0/, ""));

export const TEXT = {
  preparing: "Getting ready…",
  noModelYet: "No model yet",
  toLightTable: "Open the light table",
  better: "A better model answers now.",
  loading: "The model is being loaded. This takes a moment.",
  fit: "Fit it in the frame",
  tap: "Tap the button and point at one of these",
  tapBare: "Tap the button and point",
  drop: "Drop a photo here",
  welcome: "Choose one, paste one, drop one on the wall, or open the camera.",
  noCamera: "The camera is closed to this page. Choose a photo instead, or allow the camera in the browser's settings.",
  noPaste: "The browser does not let this button paste. Press Ctrl + V, or hold here and choose Paste.",
  nothingToPaste: "There is no picture on the clipboard. Copy one first, then paste.",
  notAPicture: "That is not a picture. Choose a photo.",
  sending: "Sending your photo…",
  looking: "Looking closely…",
  slow: "Still looking. A lot is being asked just now.",
  before: (n) => (n === 1 ? "One photo is before yours." : `${n} photos are before yours.`),
  offline: "Vitrine cannot be reached. Your photo is still here: try again when the connection is back.",
  asleep: "This room is asleep. It wakes up when somebody asks, which takes a minute or two.",
  waking: "This room is waking up. This takes a minute or two.",
  closed: "This room cannot be reached just now. Try again in a few minutes.",
  unsure: "Something went wrong on our side. Try again; if it stays so, tell whoever runs this.",
  tooLarge: (bytes, most) =>
    `This photo is ${Math.round(bytes / 1e6)} MB; up to ${Math.round(most / 1e6)} MB can be sent.`,
  people: "Dress and ornament most like",
  orIsIt: "Or is it …?",
  which: "Which one is it?",
  whichPeople: "Which is dress or ornament most like?",
  unknownTitle: "We don't know this one",
  unknown: (n) => `It is none of the ${things(n)} this room can name.`,
  unknownMore: "The most similar ones are below. If it should be here, tell us.",
  closest: "Closest photos here",
  chosen: "You chose",
  suggestTitle: "What is it?",
  suggestPeople: "What is the dress or ornament most like?",
  consent: "Keep my photo, so that a person can look at it",
  consentMore: "Without it only your choice is kept.",
  noPhotos: "Only your choice is kept here, never the photo.",
  thanks: "Thank you. Your suggestion is kept.",
  thanksMore: "A person decides what becomes of it; nothing changes by itself.",
  thanksCounted: "Your choice is counted. Nobody sees the photo.",
};

export const KICK = {
  sure: (answer) => `Sure · ${percent(answer.confidence)}`,
  people: (answer) => `Nearest · ${percent(answer.confidence)}`,
  probably: (answer) => `Probably · ${percent(answer.confidence)}`,
  one_of: (answer) => `One of these ${counted(answer.candidates.length)}`,
  none: () => "Not in this collection",
};

// What was typed about classes and is not on the server's disk yet: it survives a reload. Where nothing may be stored,
// it lives as long as the page.

const PREFIX = `vitrine.cards.${new URL(".", import.meta.url).pathname}`; // and whose
const known = new Map();

// Class id -> {field: text} of one person.
export function draftsOf(who) {
  if (!known.has(who)) known.set(who, new Map(stored(who)));
  return known.get(who);
}

export function type(who, classId, field, text) {
  const drafts = draftsOf(who);
  drafts.set(classId, { ...drafts.get(classId), [field]: text });
  store(who);
}

// These moves are on the disk: the texts that they carried are drafts no more; what was typed since is.
export function keptTexts(who, moves) {
  const drafts = draftsOf(who);
  for (const { do: action, label, texts } of moves) {
    const draft = texts && ["rename_class", "edit_card"].includes(action) && drafts.get(label);
    if (!draft) continue;
    for (const [field, text] of Object.entries(texts)) if (draft[field] === text) delete draft[field];
    if (!Object.keys(draft).length) drafts.delete(label);
  }
  store(who);
}

function stored(who) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + who)) ?? [];
  } catch {
    return [];
  }
}

function store(who) {
  try {
    localStorage.setItem(PREFIX + who, JSON.stringify([...draftsOf(who)]));
  } catch {
    // Then only this page knows it.
  }
}

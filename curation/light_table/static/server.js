// The routes of curation/light_table/routes.py. A refusal becomes a Refusal with the server's own sentence.

export class Refusal extends Error {
  constructor(sentence, code, status) {
    super(sentence);
    this.code = code;
    this.status = status;
  }
}

export class Server {
  // `answered()` is called whenever the light table answered, be it with a refusal.
  constructor(base, answered = () => {}) {
    this.base = base; // ends in /light-table/
    this.answered = answered;
    this.isAway = false;
    this.framed = new Map(); // image id -> the frame that people chose, as far as it is known here
  }

  photo(imageId, side) {
    const frame = this.framed.get(imageId); // framed anew, it is another picture to the browser
    return new URL(`photo/${imageId}?side=${side}${frame ? `&frame=${frame}` : ""}`, this.base).href;
  }

  reference(classId, side) {
    return new URL(`reference/${encodeURIComponent(classId)}?side=${side}`, this.base).href;
  }

  look(pile) {
    return this.ask(`look${pile ? `?pile=${encodeURIComponent(pile)}` : ""}`);
  }

  grid(classId, suggested) {
    const only = suggested ? `&suggested=${encodeURIComponent(suggested)}` : "";
    return this.ask(`grid?label=${encodeURIComponent(classId)}${only}`);
  }

  item(imageId) {
    return this.ask(`item/${encodeURIComponent(imageId)}`);
  }

  classes() {
    return this.ask("classes");
  }

  moves(groups, pile) {
    return this.ask("moves", { groups, pile });
  }

  refuse(label, photos) {
    return this.ask("refuse", { label, photos });
  }

  send() {
    return this.ask("send", {});
  }

  pages() {
    return this.ask("pages");
  }

  page(name, asked) {
    return this.ask(`page/${name}?${new URLSearchParams(asked)}`);
  }

  usePage(name, wanted) {
    return this.ask(`page/${name}`, wanted);
  }

  howToSignIn() {
    return this.ask("../sign-in");
  }

  signIn(name, password) {
    return this.ask("../sign-in", { name, password });
  }

  signOut() {
    return this.ask("../sign-out", {});
  }

  // A piece of a file, at its place.
  upload(name, offset, piece) {
    return this.ask(`upload?${new URLSearchParams({ file: name, offset })}`, piece);
  }

  async ask(path, body) {
    const options = { headers: { "X-Vitrine": "light-table" }, credentials: "same-origin" };
    if (body !== undefined) {
      options.method = "POST";
      const isFile = body instanceof Blob;
      options.headers["Content-Type"] = isFile ? "application/octet-stream" : "application/json";
      options.body = isFile ? body : JSON.stringify(body);
    }
    this.isAway = true; // unless there is an answer
    const answer = await fetch(new URL(path, this.base), options);
    this.isAway = false;
    this.answered();
    const value = await answer.json().catch(() => null);
    if (answer.ok && value !== null) return value;
    throw new Refusal(value?.error ?? "The light table isn't responding.", value?.code ?? "", answer.status);
  }
}

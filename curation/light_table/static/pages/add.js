// Add photos: drop a folder, photos, a clip or a zip; what was understood is asked before anything comes in.

import { count, h } from "../dom.js";
import { Page } from "./page.js";

const PIECE = 2_000_000; // bytes of a request
const TRIES = 6;
const PAUSE = 1500; // milliseconds before a piece is sent again

export default class AddPhotos extends Page {
  lay({ empty, names, loose, total, remarks, question, said }) {
    const files = h("input", { type: "file", multiple: true, hidden: true, accept: "image/*,video/*,.zip,.tar,.tgz,.heic", onchange: () => this.send([...files.files]) });
    const folder = h("input", { type: "file", multiple: true, hidden: true, webkitdirectory: true, onchange: () => this.send([...folder.files]) });
    const room = h("div", { class: "drop-room" }, h("p", {}, "Drop a folder, photos, a clip or a zip here."),
      h("div", { class: "gives" }, h("button", { class: "big small", onclick: () => files.click() }, "Choose photos"), h("button", { class: "ghost", onclick: () => folder.click() }, "Choose a folder")), files, folder);
    room.addEventListener("dragover", (event) => {
      event.preventDefault();
      room.classList.add("over");
    });
    room.addEventListener("dragleave", () => room.classList.remove("over"));
    room.addEventListener("drop", (event) => {
      event.preventDefault();
      room.classList.remove("over");
      this.dropped(event.dataTransfer);
    });
    this.far = h("p", { class: "soft", role: "status" });
    const rows = names.map((one) => h("li", {}, h("span", {}, one.title), h("span", { class: "soft" }, count(one.photos, "photo", "photos"))));
    return [
      said && h("p", { class: "why" }, said),
      h("p", { class: "soft" }, "One folder for each thing, its name is the label; loose photos get theirs here. Where they were taken is not kept."),
      room, this.far,
      !empty && h("section", { class: "next" }, h("h2", {}, question), h("ul", { class: "plain counts" }, rows, loose > 0 && h("li", {}, h("span", {}, "no name yet"), h("span", { class: "soft" }, count(loose, "photo", "photos")))),
        remarks.map((one) => h("p", { class: "soft" }, one)),
        h("div", { class: "gives" }, h("button", { class: "big small", onclick: () => this.takeIn(total) }, `Yes, add ${count(total, "photo", "photos")}`), h("button", { class: "ghost", onclick: () => this.act({ do: "clear" }) }, "No, forget them"))),
    ];
  }

  async dropped(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const found = (await Promise.all(entries.map((entry) => filesOf(entry)))).flat();
    await this.send(found.length ? found : [...transfer.files]);
  }

  async send(files) {
    let done = 0;
    for (const file of files) {
      this.far.textContent = `${done} of ${count(files.length, "file", "files")} here…`;
      try {
        await this.sendOne(file);
      } catch (problem) {
        if (problem.status) this.table.tell(problem.message, true);
        else this.table.noAnswer("The light table isn't responding. Add the same files again: what is here is not sent twice.");
        break;
      }
      done += 1;
    }
    await this.open();
  }

  // Piece by piece; after a broken connection from where the server is.
  async sendOne(file) {
    const name = file.path ?? (file.webkitRelativePath || file.name);
    let { have } = await this.table.server.page(this.name, { have: name });
    for (let tries = 0; have < file.size; ) {
      try {
        ({ have } = await this.table.server.upload(name, have, file.slice(have, have + PIECE)));
        tries = 0;
      } catch (problem) {
        if (problem.status || ++tries >= TRIES) throw problem;
        await new Promise((done) => setTimeout(done, PAUSE * tries));
      }
    }
  }

  async takeIn(total) {
    this.far.textContent = `Adding ${count(total, "photo", "photos")}…`;
    if (!(await this.act({ do: "take_in" }))) return;
    this.table.classes = null;
    await this.table.session.refresh(this.table.session.pile).catch(() => {});
  }
}

// Every file of a dropped folder, with its path.
async function filesOf(entry) {
  if (entry.isFile) {
    const file = await new Promise((done, fail) => entry.file(done, fail));
    file.path = entry.fullPath.replace(/^\//, "");
    return [file];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return found;
    for (const one of some) found.push(...(await filesOf(one)));
  }
}

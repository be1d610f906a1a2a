// Building the page: everything somebody wrote becomes text, never markup.

/** element("p.soft", {id: "x"}, "text", child) -> <p class="soft" id="x">text…</p> */
export function element(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag || "div");
  made.classList.add(...classes);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child != null && child !== ""));
  return made;
}

export function button(kind, text, onclick, attributes = {}) {
  return element(`button.${kind}`, { type: "button", onclick, ...attributes }, text);
}

/** A picture that leaves quietly when it cannot be shown. */
export function picture(source, alt, attributes = {}) {
  const image = element("img", { alt, decoding: "async", ...attributes });
  image.addEventListener("error", () => image.remove());
  image.src = source;
  return image;
}

/** As `element`, for a drawing: svg("polygon", {points: ""}). */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

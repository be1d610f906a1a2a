// Light or dark: as the frame around the page asks (?__theme=dark, on Hugging Face), else as the machine is set.

export function followTheme() {
  const asked = new URLSearchParams(location.search).get("__theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    const is = ["light", "dark"].includes(asked) ? asked === "dark" : dark.matches;
    document.documentElement.style.colorScheme = is ? "dark" : "light";
    document.body.classList.toggle("dark", is); // the light table goes by this
  };
  dark.addEventListener("change", follow);
  follow();
}

// GitHub Pages: the visitor's side in front of an app that lives elsewhere.
import { SPACE } from "../config.js";
import { mount } from "./ask.js";

mount(document.body, SPACE);

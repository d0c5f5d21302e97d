// The default theme in the reader's own fonts: the theme's would be a third of the site.
import "@shikijs/twoslash/style-rich.css";
import "./style.css";

export { default } from "vitepress/theme-without-fonts";

// Keyboard: "g r|f|x|m|a|e" goes to a section, "/" focuses the filter, "k" on a focused release presses its kill button.
const sections = { r: "/", f: "/flags", x: "/exposures", m: "/explorer", a: "/alerts", e: "/audit" };
let went = false;
document.addEventListener("keydown", event => {
  if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (went && sections[event.key]) { event.preventDefault(); Blazor.navigateTo(sections[event.key]); }
  if (event.key === "/") { event.preventDefault(); document.querySelector("[data-key='/']")?.focus(); }
  if (event.key === "k") document.activeElement?.closest("[data-release]")?.querySelector("button.kill")?.click();
  went = event.key === "g";
});

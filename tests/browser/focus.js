// What is wrong with where the focus is: on the screen, under nothing that stays there, and marked. Empty when all is well.
() => {
  const node = document.activeElement;
  if (!node || node === document.body) return "";
  const row = node.matches("input[type=radio], input[type=checkbox]") ? node.closest("label") : null;
  const shown = row ?? node;
  const name = `${node.tagName} ${node.className} ${(node.textContent || node.name || "").trim().slice(0, 40)}`;
  const { left, top, right, bottom, width, height } = shown.getBoundingClientRect();
  if (width < 1 || height < 1) return `not drawn: ${name}`;
  if (bottom <= 0 || top >= innerHeight || right <= 0 || left >= innerWidth) return `off the screen: ${name}`;
  for (const bar of document.querySelectorAll("header.top, .selection")) {
    if (bar.contains(node)) continue;
    for (const x of [left + 2, (left + right) / 2, right - 2]) {
      for (const y of [top + 2, (top + bottom) / 2, bottom - 2]) {
        if (bar.contains(document.elementFromPoint(x, y))) return `under <${bar.tagName} class="${bar.className}">, ${Math.round(top)} to ${Math.round(bottom)} of ${innerHeight}: ${name}`;
      }
    }
  }
  // What is only read out has nothing to operate; the parts of a date are marked by the browser, inside.
  if (node.matches("[tabindex='-1'], input[type=date]")) return "";
  const marks = [node, shown, node.closest(".search, .select-box, .picker-row")].filter(Boolean);
  const isMarked = marks.map((each) => getComputedStyle(each)).some((style) =>
    (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== "none");
  return isMarked ? "" : `not marked: ${name}`;
}

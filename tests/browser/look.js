// What is wrong on a page as it is drawn; what is hidden or for screen readers only is left out.
([least, leastCall]) => {
  const found = [];
  const name = (node) => `<${node.tagName.toLowerCase()} class="${node.getAttribute("class") ?? ""}"> ${(node.textContent || node.getAttribute("aria-label") || "").trim().slice(0, 50)}`;
  const isDrawn = (node) => node.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && node.getClientRects().length > 0 && !node.closest(".visually-hidden, .skip");
  const headings = [...document.querySelectorAll("h1")].filter(isDrawn);
  if (headings.length !== 1) found.push(`${headings.length} h1: ${headings.map((each) => each.textContent.trim())}`);
  if (!document.title.trim() || document.title.startsWith("·")) found.push(`title "${document.title}"`);
  for (const node of document.querySelectorAll("[style]")) found.push(`style attribute: ${name(node)}`);
  for (const node of document.querySelectorAll("img:not([alt])")) found.push(`image without alt: ${node.outerHTML}`);
  for (const node of document.querySelectorAll("svg")) {
    if (!node.closest("[aria-hidden=true]") && !node.getAttribute("aria-label") && node.getAttribute("role") !== "img") found.push(`icon neither hidden nor named: ${name(node.parentElement)}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) found.push(`id twice: ${id}`);
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    const wide = [...document.querySelectorAll("body *")].filter((node) => isDrawn(node) && node.getBoundingClientRect().right > width + 1);
    found.push(`wider than the screen by ${document.documentElement.scrollWidth - width}: ${wide.slice(-3).map(name).join(" | ")}`);
  }
  for (const node of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [tabindex='0']")) {
    if (!isDrawn(node)) continue;
    // A label is part of its control's target; a link inside a sentence is as high as its line (WCAG 2.5.8).
    const label = node.matches("input[type=radio], input[type=checkbox]") ? node.closest("label") : null;
    const style = getComputedStyle(node);
    if (node.matches("a") && style.display === "inline" && node.parentElement.matches("p, li, dd, bdi, small, span, label, .notice *")) continue;
    const box = (label ?? node).getBoundingClientRect();
    const isCall = node.closest(".support-card .support-contact") && node.matches("a[href^='tel:'], .support-ways a");
    const wanted = isCall && !node.closest(".support-preview") ? leastCall : least;
    if (box.width < wanted - .5 || box.height < wanted - .5) found.push(`target of ${box.width.toFixed(1)} × ${box.height.toFixed(1)}, not ${wanted}: ${name(node)}`);
  }
  return found;
}

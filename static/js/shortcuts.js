// "/" goes to the search box of the page's own list, else to the one in the header. Escape clears it.
const writes = (node) => node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName);

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !writes(event.target)) {
    const boxes = [...document.querySelectorAll("main [data-search], header [data-search]")];
    const box = boxes.reverse().find((each) => each.offsetParent);
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  } else if (event.key === "Escape" && event.target.matches?.("[data-search], [data-filter]") && event.target.value) {
    event.target.value = "";
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

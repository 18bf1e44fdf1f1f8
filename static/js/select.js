// <form data-select id="selection">: counts the ticked boxes that belong to it and shows the bar while there are some.
// Without JavaScript the bar always stands there, and its buttons send whatever is ticked.
const bar = () => document.querySelector("[data-selection]");
const boxes = () => [...document.querySelectorAll('input[type="checkbox"][form="selection"]')];

function count() {
  const shown = bar();
  if (!shown) return;
  const all = boxes();
  const ticked = all.filter((box) => box.checked).length;
  const everything = document.querySelector("[data-select-all]");
  const page = document.querySelector("[data-select-page]");
  if (page) {
    page.checked = ticked > 0 && ticked === all.length;
    page.indeterminate = ticked > 0 && ticked < all.length;
  }
  shown.hidden = ticked === 0 && !everything;
  if (everything) return; // the words come from the server: more rows are selected than are shown
  const words = shown.querySelector("[data-selected]");
  words.textContent = ticked === 1 ? words.dataset.one : words.dataset.many.replace("#", ticked);
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches?.("[data-select-page]")) {
    for (const one of boxes()) one.checked = box.checked;
  } else if (!box.matches?.('input[form="selection"]')) {
    return;
  }
  document.querySelector("[data-select-all]")?.remove(); // a row taken away by hand: these rows, not all that match
  count();
});

document.addEventListener("click", (event) => {
  const clear = event.target.closest?.("[data-select-clear]");
  if (!clear || document.querySelector("[data-select-all]")) return;
  event.preventDefault();
  for (const one of boxes()) one.checked = false;
  count();
  document.querySelector("[data-select-page]")?.focus();
});

document.addEventListener("htmx:afterSettle", count);
window.addEventListener("pageshow", count);
count();

// <input data-filter="id of a list" data-one="1 result" data-many="# results">: hides the rows that do not match.
// Rows carry data-words (folded by the server). Without JavaScript the whole list stands there.
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();

function apply(box) {
  const list = document.getElementById(box.dataset.filter);
  if (!list) return;
  const wanted = fold(box.value).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of list.querySelectorAll("[data-words]")) {
    const has = fold(row.dataset.words);
    const chosen = row.querySelector("input:checked"); // the choice never disappears
    row.hidden = !chosen && !wanted.every((word) => has.includes(word));
    if (!row.hidden) shown += 1;
  }
  const none = list.querySelector("[data-none]") ?? document.querySelector(`[data-none="${list.id}"]`);
  if (none) none.hidden = shown > 0;
  const words = shown === 1 ? box.dataset.one : box.dataset.many?.replace("#", shown);
  if (words) document.dispatchEvent(new CustomEvent("portal:say", { detail: words }));
}

let waiting = 0;
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-filter]")) return;
  clearTimeout(waiting);
  waiting = setTimeout(apply, 120, event.target);
});

// Enter in the box would send the form around it; a search form of its own may be sent.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("[data-filter]")) return;
  if (event.target.form?.getAttribute("role") !== "search") event.preventDefault();
});

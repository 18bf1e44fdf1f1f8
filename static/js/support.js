// "What is not working?": <select data-shows> leaves the card of the chosen subscription and its words for support.
// Cards carry data-card; products and words inside carry data-subscription. Empty value = all of them.
const select = document.querySelector("select[data-shows]");

function show(id) {
  for (const card of document.querySelectorAll("[data-card]")) {
    const mine = !id || card.querySelector(`[data-subscription="${CSS.escape(id)}"]`);
    card.hidden = !mine;
    for (const part of card.querySelectorAll(".tell[data-subscription]")) {
      part.hidden = Boolean(id) && part.dataset.subscription !== id;
    }
    const words = card.querySelector(".support-tell");
    if (words) words.open = Boolean(id && mine);
    for (const product of card.querySelectorAll("[data-product]")) {
      product.hidden = Boolean(id) && product.dataset.subscription !== id;
    }
  }
}

if (select) {
  select.addEventListener("change", () => {
    show(select.value);
    const here = new URL(location.href);
    if (select.value) here.searchParams.set(select.name, select.value);
    else here.searchParams.delete(select.name);
    history.replaceState(history.state, "", here);
    const label = select.selectedOptions[0].textContent.trim();
    document.dispatchEvent(new CustomEvent("portal:say", { detail: label }));
  });
  if (select.value) show(select.value);
}

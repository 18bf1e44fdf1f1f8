// "What is not working?": <select data-shows> leaves the card of the chosen subscription and its words for support.
// Cards carry data-card; products and words inside carry data-subscription. Empty value = all of them. A card folds
// what it has too much of: what stands only there is fetched by its address, as without JavaScript.
const select = document.querySelector("select[data-shows]");

function show(id) {
  for (const card of document.querySelectorAll("[data-card]")) {
    const products = [...card.querySelectorAll("[data-product]")];
    const mine = products.find((product) => product.dataset.subscription === id);
    card.hidden = Boolean(id) && !mine;
    for (const part of card.querySelectorAll("[data-product], .tell")) {
      part.hidden = Boolean(id) && part.dataset.subscription !== id;
    }
    for (const more of card.querySelectorAll(".support-more")) more.hidden = Boolean(id);
    for (const words of card.querySelectorAll(".support-tell")) words.open = Boolean(id && mine);
    for (const mail of card.querySelectorAll("a[data-mail]")) {
      mail.href = (id && mine?.dataset.mail) || mail.dataset.mail;
    }
  }
}

if (select) {
  select.addEventListener("change", () => {
    const id = select.value;
    const here = new URL(location.href);
    if (id) here.searchParams.set(select.name, id);
    else here.searchParams.delete(select.name);
    if (id && !document.querySelector(`.tell[data-subscription="${CSS.escape(id)}"]`)) {
      location.assign(here);
      return;
    }
    show(id);
    history.replaceState(history.state, "", here);
    const label = select.selectedOptions[0].textContent.trim();
    document.dispatchEvent(new CustomEvent("portal:say", { detail: label }));
  });
  if (select.value) show(select.value);
}

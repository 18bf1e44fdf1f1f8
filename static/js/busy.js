// A form is sent once. Its button stays as it is, says busy, and after 300 ms shows a spinner (CSS).
const free = (form) => {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[data-busy]")) {
    delete button.dataset.busy;
    button.removeAttribute("aria-disabled");
  }
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.matches("[hx-post]")) return;
  if ("sent" in form.dataset) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  if (event.submitter) event.submitter.dataset.busy = "";
});

// Back from the next page, out of the browser's memory: ready again.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(free));

// After a swap the focus goes where reading goes on: to the alert of a refused reply, else to what
// data-focus-after="#id" on the asking element names; a search box that was being typed in keeps it.
document.addEventListener("htmx:afterSettle", (event) => {
  const alert = event.target.querySelector?.("[role=alert]");
  if (alert) {
    alert.focus();
    return;
  }
  const asking = event.detail.requestConfig?.elt;
  const wanted = asking?.closest?.("[data-focus-after]")?.dataset.focusAfter;
  const place = wanted && document.querySelector(wanted);
  if (place) {
    if (!place.matches("a, button, input, select, textarea, [tabindex]")) place.tabIndex = -1;
    place.focus({ preventScroll: true });
    place.scrollIntoView({ block: "nearest" });
    if (place.getBoundingClientRect().top < 0) place.scrollIntoView({ block: "start" });
  }
  const words = event.target.querySelector?.("[data-say]")?.dataset.say;
  if (words) document.dispatchEvent(new CustomEvent("portal:say", { detail: words }));
});

// A link to a field in an error summary: the field itself, not only its place on the page.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".notice a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  const control = field.matches("input, select, textarea") ? field : field.querySelector("input, select, textarea");
  (control ?? field).focus();
});

// A page that comes back refused starts at its alert, also where autofocus is not honoured.
document.querySelector("main [autofocus]")?.focus();

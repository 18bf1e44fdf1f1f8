// One status region per page. Whoever has something to say dispatches "portal:say" with the words as detail.
document.addEventListener("portal:say", (event) => {
  const region = document.getElementById("status");
  if (!region) return;
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = event.detail; });
});

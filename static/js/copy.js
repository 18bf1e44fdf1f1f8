// <button data-copy="text" data-copied="Copied">, or data-copy-from="id of the element whose text is copied".
const say = (words) => document.dispatchEvent(new CustomEvent("portal:say", { detail: words }));

async function put(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea"); // plain http inside a company network
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("refused");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const text = source ? source.innerText.trim() : button.dataset.copy;
  try {
    await put(text);
  } catch {
    return;
  }
  say(button.dataset.copied);
  const word = button.querySelector("[data-word]");
  const before = word?.textContent;
  if (word) word.textContent = button.dataset.copied;
  button.dataset.done = "";
  button.focus();
  setTimeout(() => {
    delete button.dataset.done;
    if (word) word.textContent = before;
  }, 2000);
});

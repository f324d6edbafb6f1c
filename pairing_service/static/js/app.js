// Conveniences. Every page works without them: a control is a link or a form first.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("scripted");
  root.classList.toggle("can-share", Boolean(navigator.share));

  const on = (type, attribute, act) =>
    document.addEventListener(type, (event) => {
      const element = event.target.closest?.(`[${attribute}]`);
      if (element) act(element, event);
    });

  // Outside an open dialog everything is inert, so the nearest live region is asked first.
  function say(words, near) {
    const region = near.closest("dialog[open]")?.querySelector("[role=status]")
      ?? document.getElementById("announcer");
    region.textContent = "";
    setTimeout(() => { region.textContent = words; }, 50);
  }

  // --- Copy, share, print ---

  async function writeClipboard(text, source) {
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no https, or refused: select it, so that it can at least be copied by hand
      if (source.select) source.select();
      else getSelection().selectAllChildren(source);
      return document.execCommand("copy");
    }
    return true;
  }

  on("click", "data-copy", async (button) => {
    const source = document.querySelector(button.dataset.copy);
    const text = source.value ?? source.dataset.text ?? source.textContent.trim();
    if (!await writeClipboard(text, source)) return;
    say(button.dataset.done, button);
    const caption = button.querySelector("[data-caption]");
    if (!caption || caption.textContent === button.dataset.done) return;
    const before = caption.textContent;
    caption.textContent = button.dataset.done;
    setTimeout(() => { caption.textContent = before; }, 2000);
  });

  on("click", "data-share", (button) => {
    const { title, text, url } = button.dataset;
    navigator.share({ title, text, url: url || undefined }).catch(() => {}); // closing the sheet is no error
  });

  on("click", "data-print", () => print());

  // --- Dialogs: the link leads to a page where there is no script ---

  on("click", "data-opens", (link, event) => {
    const dialog = document.querySelector(link.dataset.opens);
    if (!dialog?.showModal || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (!dialog.open) dialog.showModal();
  });

  on("click", "data-closes", (button, event) => {
    const dialog = button.closest("dialog");
    if (!dialog) return;
    event.preventDefault();
    dialog.close();
  });

  // What is fleeting leaves with the closing dialog: a code is shown once.
  document.addEventListener("close", (event) => {
    for (const part of event.target.querySelectorAll("[data-fleeting]")) part.replaceChildren();
  }, true);

  // The backdrop closes, unless the press began inside (text being selected) or a code is shown: it is shown once.
  let pressed = null;
  document.addEventListener("pointerdown", (event) => { pressed = event.target; });
  on("click", "open", (dialog, event) => {
    const backdrop = dialog.matches("dialog") && event.target === dialog && pressed === dialog;
    if (backdrop && !dialog.querySelector("[data-shown-once]")) dialog.close();
  });

  // --- Menus: one at a time; a click elsewhere or Esc closes ---

  const openMenus = () => document.querySelectorAll("details.menu[open]");

  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // --- Forms ---

  on("click", "data-reveal", (button) => {
    const input = document.querySelector(button.dataset.reveal);
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  });

  // Sent once: a second press does nothing. Not `disabled`, which would drop the button's own value.
  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return; // htmx guards its own
    if (sent.has(form)) return event.preventDefault();
    sent.add(form);
    event.submitter?.setAttribute("aria-disabled", "true");
    const release = () => {
      sent.delete(form);
      event.submitter?.removeAttribute("aria-disabled");
    };
    setTimeout(release, 5000); // a download leaves the page in place
    addEventListener("pageshow", release, { once: true }); // and so does coming back
  });

  // --- What came in: the summary of errors is read first, a count is said ---

  const focusErrors = () => document.querySelector("[data-focus]")?.focus();
  focusErrors();
  document.addEventListener("htmx:afterSettle", (event) => {
    focusErrors();
    const news = event.target.querySelector("[data-announce]");
    if (news) say(news.textContent.trim(), news);
  });
})();

// What works for some time only: tells how long it still does, and takes it away when that is over.
// data-countdown: seconds; in it data-while, data-ticking with data-left (the clock), data-afterwards, data-said.
(() => {
  "use strict";
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

  for (const part of document.querySelectorAll("[data-countdown]")) {
    const end = Date.now() + Number(part.dataset.countdown) * 1000;
    const left = part.querySelector("[data-left]");
    part.querySelector("[data-ticking]").hidden = false;
    const tick = () => {
      const seconds = Math.ceil((end - Date.now()) / 1000);
      if (seconds > 0) {
        left.textContent = clock(seconds);
        return;
      }
      clearInterval(timer);
      for (const gone of part.querySelectorAll("[data-while]")) gone.remove();
      part.querySelector("[data-afterwards]").hidden = false;
      const said = part.querySelector("[data-said]");
      said.textContent = said.dataset.said;
    };
    const timer = setInterval(tick, 1000);
    tick();
  }
})();

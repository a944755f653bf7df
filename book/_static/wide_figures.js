// On a phone a wide figure keeps the size at which its type can be read, and scrolls sideways (see custom.css).
(() => {
  "use strict";
  const READABLE = 0.62; // of a figure's own size; tests/check_site.py holds desktops to the same
  const phone = window.matchMedia("(max-width: 576px)");

  function fit(image) {
    const box = image.closest("figure") || image.parentElement;
    const least = READABLE * image.naturalWidth;
    const pans = phone.matches && least > box.clientWidth;
    box.classList.toggle("na2q-pans", pans);
    image.style.setProperty("--na2q-least", `${Math.round(least)}px`);
    if (pans) box.tabIndex = 0; // so that the keyboard can scroll it
    else box.removeAttribute("tabindex");
  }

  function begin() {
    const images = [...document.querySelectorAll(".bd-article img[src*='_images/']")];
    const all = () => images.filter((image) => image.naturalWidth).forEach(fit);
    images.forEach((image) => image.addEventListener("load", () => fit(image)));
    phone.addEventListener("change", all);
    all();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();

// The page of the API's description: Swagger UI, told where the description is.
(() => {
  "use strict";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  paint();
  dark.addEventListener("change", paint);

  const place = document.getElementById("api");
  SwaggerUIBundle({
    url: place.dataset.url,
    domNode: place,
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    deepLinking: true,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    validatorUrl: null,
    // It takes itself for the whole page, which has its one main part already.
    onComplete: () => place.querySelector("main")?.setAttribute("role", "group"),
  });
})();

// Shows the OpenAPI schema. Only own files: the page's policy allows no others.
"use strict";

const documentation = document.getElementById("documentation");
SwaggerUIBundle({
  domNode: documentation,
  url: documentation.dataset.schema,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  validatorUrl: null,
});

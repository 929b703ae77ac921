// Draws every picture of the page from the data that stands beside it.
(() => {
  const drawings = document.querySelectorAll("[data-spec]");
  const options = {
    renderer: "svg",
    ast: true, // expressions are interpreted: the page's policy allows no eval
    actions: { export: true, source: false, compiled: false, editor: false },
    tooltip: { theme: "census" },
  };
  for (const drawing of drawings) {
    const spec = JSON.parse(document.getElementById(drawing.dataset.spec).textContent);
    if (drawing.dataset.spec.startsWith("countries") && spec.projection) {
      spec.height = Math.min(spec.height, Math.round(drawing.clientWidth * 0.52));
    }
    vegaEmbed(drawing, spec, options).catch((error) => {
      drawing.textContent = "This picture could not be drawn (" + error.message + "); its numbers are in the table.";
    });
  }
})();

// Draws every picture of the page from the data that stands beside it.
(() => {
  const drawings = document.querySelectorAll("[data-spec]");
  const options = {
    renderer: "svg",
    ast: true, // expressions are interpreted: the page's policy allows no eval
    actions: { export: true, source: false, compiled: false, editor: false },
    tooltip: { theme: "census" },
  };
  const narrow = 480; // pixels: a telephone held upright
  const draw = (drawing) => {
    const spec = JSON.parse(document.getElementById(drawing.dataset.spec).textContent);
    const width = drawing.clientWidth;
    if (spec.projection) spec.height = Math.min(spec.height, Math.round(width * 0.5));
    const actions = width < narrow ? false : options.actions;
    if (width < narrow) {
      // Names may take a third of the width there, and axes have fewer words.
      spec.config.axis.labelLimit = Math.round(width * 0.32);
      spec.config.axis.labelFontSize = 11;
    }
    return vegaEmbed(drawing, spec, { ...options, actions }).then(
      () => drawing.setAttribute("data-drawn", ""),
      (error) => {
        drawing.textContent = "This picture could not be drawn (" + error.message + "); its numbers are in the table.";
      },
    );
  };
  drawings.forEach(draw);
})();

"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const NARROW = 600;
  const drawn = new Set();

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function axis(given, width, rows) {
    const lines = { gridcolor: colour("--line"), zerolinecolor: colour("--line"), linecolor: colour("--line") };
    const found = { ...given, ...lines };
    if (rows && width < NARROW) {  // no room beside the rows: their names stand above them
      found.ticklabelposition = "inside top";
      found.automargin = false;
      found.autorange = false;
      found.range = [rows - 0.5, -0.9];
    }
    return found;
  }

  function layout(figure, box) {
    const width = box.clientWidth;
    const given = figure.layout;
    const names = figure.data.flatMap((trace) => (typeof (trace.y || [])[0] === "string" ? trace.y : []));
    const rows = new Set(names).size;
    const lines = { shapes: (given.shapes || []).map((shape) => ({ ...shape, layer: "below" })) };
    return {
      ...given, ...lines, width: null, height: Number(box.dataset.height) + (rows && width < NARROW ? 8 * rows : 0), autosize: true,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: colour("--text"), size: 13, family: "system-ui, sans-serif" },
      margin: { l: rows && width < NARROW ? 8 : 60, r: 16, t: 12, b: 52 },
      legend: { orientation: "h", y: 1, yanchor: "bottom", x: 0 },
      hoverlabel: { align: "left" },
      xaxis: axis(given.xaxis || {}, width, 0), yaxis: axis(given.yaxis || {}, width, rows),
    };
  }

  function draw(box) {
    const figure = figures[box.id];
    if (!figure) return;
    drawn.add(box);
    Plotly.react(box, figure.data, layout(figure, box), { displayModeBar: false, responsive: false });
  }

  function waterfall(box) {
    const steps = JSON.parse(box.dataset.steps);
    const total = steps.reduce((sum, [, points]) => sum + points, 0);
    const trace = {
      type: "waterfall", x: [...steps.map(([name]) => name), "score"], y: [...steps.map(([, points]) => points), total],
      measure: ["absolute", ...steps.slice(1).map(() => "relative"), "total"],
      increasing: { marker: { color: "#0072B2" } }, decreasing: { marker: { color: "#D55E00" } }, totals: { marker: { color: "#7A7A7A" } },
      hovertemplate: "%{x}: %{y:.1f}<extra></extra>",
    };
    const figure = { data: [trace], layout: { showlegend: false, yaxis: { title: { text: "score, 0 to 100" } } } };
    Plotly.react(box, figure.data, { ...layout(figure, box), height: 260 }, { displayModeBar: false });
  }

  function prospects(table) {
    const body = table.tBodies[0];
    const rows = [...body.querySelectorAll("tr.prospect")].map((row) => ({ row, more: row.nextElementSibling }));
    const find = document.getElementById("find");
    const found = document.getElementById("found");
    for (const { row, more } of rows) {
      const button = row.querySelector("button");
      button.addEventListener("click", () => {
        more.hidden = !more.hidden;
        button.setAttribute("aria-expanded", String(!more.hidden));
        if (!more.hidden) waterfall(more.querySelector(".waterfall"));
      });
    }
    const close = ({ row, more }) => { more.hidden = true; row.querySelector("button").setAttribute("aria-expanded", "false"); };
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase();
      let shown = 0;
      for (const each of rows) {
        const here = !wanted || (each.row.textContent + each.more.textContent).toLowerCase().includes(wanted);
        each.row.hidden = !here;
        if (here) shown += 1; else close(each);
      }
      found.textContent = wanted ? `${shown} of ${rows.length} found` : "";
    });
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header, place) => header.firstElementChild.addEventListener("click", () => {
      const up = header.getAttribute("aria-sort") === "descending";
      headers.forEach((each) => each.setAttribute("aria-sort", "none"));
      header.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = ({ row }) => { const cell = row.cells[place]; return cell.title || cell.textContent.trim(); };
      const less = (a, b) => key(a).localeCompare(key(b), "en", { numeric: true }) * (up ? 1 : -1);
      const numbers = header.classList.contains("number");
      const smaller = (a, b) => (parseFloat(key(a)) - parseFloat(key(b))) * (up ? 1 : -1);
      rows.sort(numbers ? smaller : less).forEach(({ row, more }) => body.append(row, more));
    }));
  }

  const table = document.getElementById("prospect-rows");
  if (table) prospects(table);

  const watcher = new IntersectionObserver((seen) => {
    for (const each of seen) if (each.isIntersecting && !drawn.has(each.target)) draw(each.target);
  }, { rootMargin: "600px" });
  const boxes = [...document.querySelectorAll(".chart")];
  boxes.forEach((box) => watcher.observe(box));

  const again = () => drawn.forEach(draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  let waiting = 0;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(again, 150); });
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((each) => { each.dataset.was = each.open; });
    boxes.forEach((box) => { if (!drawn.has(box)) draw(box); });
  });
  document.documentElement.dataset.ready = "yes";
})();

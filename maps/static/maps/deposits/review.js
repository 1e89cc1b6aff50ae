// The small map of the review: candidates of the current row, quarters around, a click for a point.
const box = document.getElementById("places");
const candidates = JSON.parse(document.getElementById("candidates").textContent);
const rows = [...document.querySelectorAll("[data-row]")];
let current = rows[0];

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function collection(features) {
  return { type: "FeatureCollection", features };
}

function points(row) {
  const found = candidates[row.dataset.row] ?? [];
  return found.map((place) => ({
    type: "Feature",
    properties: {},
    geometry: { type: "Point", coordinates: [place.lon, place.lat] },
  }));
}

function dots(id, fill, ring) {
  return {
    id,
    type: "circle",
    source: id,
    paint: {
      "circle-radius": 7,
      "circle-color": token(fill),
      "circle-stroke-color": token(ring),
      "circle-stroke-width": 3,
    },
  };
}

function style() {
  const quarters = { source: "quarters", "source-layer": "qpv" };
  const accent = token("--accent");
  return {
    version: 8,
    sources: {
      quarters: { type: "vector", tiles: [location.origin + box.dataset.tiles], maxzoom: 14 },
      places: { type: "geojson", data: collection([]) },
      chosen: { type: "geojson", data: collection([]) },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": token("--ground") } },
      { id: "area", type: "fill", ...quarters, paint: { "fill-color": accent, "fill-opacity": 0.18 } },
      { id: "outline", type: "line", ...quarters, paint: { "line-color": accent, "line-width": 1.5 } },
      dots("places", "--paper", "--ink"),
      dots("chosen", "--alert", "--paper"),
    ],
  };
}

function show(map, library, row) {
  current.classList.remove("review__row--current");
  current = row;
  row.classList.add("review__row--current");
  const features = points(row);
  map.getSource("places").setData(collection(features));
  map.getSource("chosen").setData(collection([]));
  if (!features.length) return;
  const bounds = new library.LngLatBounds();
  for (const one of features) bounds.extend(one.geometry.coordinates);
  map.fitBounds(bounds, { padding: 60, maxZoom: 16, animate: false });
}

function choosePoint(map, place) {
  const form = current.querySelector("form");
  form.elements.lon.value = place.lng.toFixed(6);
  form.elements.lat.value = place.lat.toFixed(6);
  const option = form.querySelector(".review__point");
  option.hidden = false;
  option.querySelector("input").checked = true;
  const at = { type: "Point", coordinates: [place.lng, place.lat] };
  map.getSource("chosen").setData(collection([{ type: "Feature", properties: {}, geometry: at }]));
}

async function start() {
  const library = await import(box.dataset.library);
  library.setWorkerUrl(new URL(box.dataset.worker, location.origin).href);
  const map = new library.Map({
    container: box,
    style: style(),
    center: [2.35, 48.86],
    zoom: 11,
    attributionControl: false,
  });
  map.on("load", () => {
    show(map, library, current);
    for (const row of rows) {
      row.addEventListener("focusin", () => row === current || show(map, library, row));
      row.addEventListener("click", () => row === current || show(map, library, row));
    }
    map.on("click", (event) => choosePoint(map, event.lngLat));
    box.dataset.ready = "";
  });
}

// Without a map the candidates can still be chosen from their list.
start().catch(() => box.remove());

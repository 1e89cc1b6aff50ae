/** The explorer: asks what there is to show, then lets the reader look at it. */
import { AddressSearch } from "./address";
import { ApiError, fetchAreas, ownAddress } from "./api";
import { AreaList, listedLayers } from "./areas";
import { Card } from "./card";
import { t } from "./i18n";
import { drawnSide } from "./features";
import { renderLegend } from "./legend";
import { createMap, MapLayers, type MapLibre } from "./map";
import { reveal, showArea, TerritoryControl } from "./view";
import {
  renderCautions,
  renderDemonstration,
  setState,
  showEmpty,
  showFailure,
  showTrouble,
  uncover,
} from "./notices";
import { element, readConfig, readJson, type PageConfig } from "./page";
import { renderPanel } from "./panel";
import { Pointer } from "./pointer";
import { bindPanels, closeSheets, whenShown } from "./sheets";
import { producers } from "./sources";
import { SharePanel } from "./share";
import { Store } from "./store";
import { ThematicPanel } from "./thematic";
import { ZonePanel } from "./zone";
import { TwoMaps } from "./two";
import type { Area, LayerInfo } from "./types";
import type { Map as MapLibreMap } from "maplibre-gl";

type Loader = (layer: LayerInfo) => Promise<Area[]>;

interface View {
  map: MapLibreMap | null;
  pointer: Pointer | null;
  card: Card;
  list: AreaList | null;
}

/** Each layer's areas are asked for once, whoever needs them; a failure may be tried again. */
function areaLoader(config: PageConfig, store: Store): Loader {
  const asked = new Map<string, Promise<Area[]>>();
  return (layer) => {
    const generation = store.generationOf(layer);
    const within = store.withinOf(layer);
    const key = `${layer.id}/${generation ?? ""}/${within ?? ""}`;
    const known = asked.get(key);
    if (known) return known;
    const answer = fetchAreas(config.areasUrl, layer, generation, within);
    asked.set(key, answer);
    answer.catch(() => asked.delete(key));
    return answer;
  };
}

interface Panels {
  share: SharePanel;
  zone: ZonePanel;
  thematic: ThematicPanel;
  address: AddressSearch | null;
}

/** Panels the server makes are read when first looked at, or where the address names a figure. */
function bindPanelsOfServer(config: PageConfig, store: Store): Panels {
  const thematic = new ThematicPanel(element("panel-thematic"), config.thematicUrl, store);
  const zone = new ZonePanel(element("panel-zone"), config.zoneUrl);
  whenShown("thematic", () => thematic.open());
  whenShown("zone", () => zone.open());
  if (store.wantsDrawing) thematic.open();
  const form = document.getElementById("address-form") as HTMLFormElement | null;
  const address = form && new AddressSearch(form);
  return { share: new SharePanel(element("panel-share"), store), zone, thematic, address };
}

/** Everything around the map that follows the store; works without the map too, and goes after it. */
function bindSurroundings(store: Store): void {
  renderPanel(element("panel-layers"), store);
  bindOpacity(store);
  renderDemonstration(store);
  const refresh = (): void => {
    renderCautions(element("cautions"), store);
    const told = [producers(store.visible()), store.drawing?.source ?? ""];
    element("sources-list").textContent = told.filter(Boolean).join(" · ");
  };
  store.subscribe(refresh);
  refresh();
}

/** The card and the list serve without a map; with one, they also move it and light it up. */
function bindReading(store: Store, load: Loader): View {
  const card = new Card(element("card"), store, () => view.pointer?.clear());
  const view: View = { map: null, pointer: null, card, list: null };
  store.subscribe(() => view.card.close());
  const visit = (layer: LayerInfo, area: Area): void => {
    if (!store.isOn(layer.id)) element<HTMLInputElement>(`layer-${layer.id}`).click();
    closeSheets();
    if (view.map) showArea(view.map, area);
    view.pointer?.pickArea(layer, area);
    view.card.show([{ layer, source: layer.id, id: area.id, values: area.values }]);
  };
  if (listedLayers(store).length > 0) view.list = new AreaList(element("areas-list"), store, load, visit);
  // The map goes first; whoever asks for the list before it is there is served at once.
  whenShown("areas", () => view.list?.read());
  return view;
}

/** The colours' opacity: the legend fades with the map. */
function bindOpacity(store: Store): void {
  const slider = element<HTMLInputElement>("opacity");
  const follow = (): void => {
    slider.value = String(store.opacity);
    element("legend-body").style.setProperty("--opacity", String(store.opacity / 100));
  };
  slider.addEventListener("input", () => store.fade(slider.valueAsNumber));
  store.subscribe(follow);
  follow();
}

/** Brings the legend, the layers and the names in step with the store and the zoom. */
function bindMap(map: MapLibreMap, store: Store, load: Loader, view: View, zone: ZonePanel): void {
  const failed = (error: ApiError): void =>
    showTrouble(t("error.tiles", { address: error.address }), () => location.reload());
  const layers = new MapLayers(map, store, load);
  let shown = "";
  const drawLegend = (settled = false): void => {
    const cellSide = drawnSide(map, store, settled);
    const place = { zoom: map.getZoom(), cellSide, zone: zone.named };
    const layers = [...store.visible(), ...(store.drawingLayer ? [store.drawingLayer] : [])];
    const said = JSON.stringify([cellSide, zone.named, layers.map((one) => place.zoom >= one.minzoom)]);
    if (said !== shown) renderLegend(element("legend-body"), store, place);
    shown = said;
  };
  const refresh = (): Promise<void> => {
    shown = "";
    drawLegend();
    return layers.sync();
  };
  store.subscribe(() => void refresh());
  map.on("zoomend", () => drawLegend());
  document.addEventListener("observatory:zone", () => drawLegend());
  map.on("idle", () => drawLegend(true));
  map.on("error", ({ error }) => {
    console.warn(error.message);
    failed(new ApiError("/tiles", 0));
  });
  // Tiles are on their way from the first frame on: the legend is drawn while they come.
  map.once("render", () => drawLegend());
  // Idle before the layers are there would say ready to an empty map.
  void layers.sync().then(() => {
    map.once("idle", () => {
      setState("ready");
      view.list?.read();
    });
    map.triggerRepaint();
  });
}

async function openMap(
  maplibre: MapLibre,
  store: Store,
  config: PageConfig,
  view: View,
  load: Loader,
  panels: Panels,
): Promise<void> {
  const map = await createMap(maplibre, element("map"), store, config.workerUrl);
  map.addControl(new TerritoryControl(store), "bottom-right");
  const another = (container: HTMLElement): Promise<MapLibreMap> =>
    createMap(maplibre, container, store, config.workerUrl, true);
  const pool = (): void => panels.thematic.pool();
  const two = new TwoMaps(store, config.thematicUrl, another, load, pool);
  panels.share.second = () => two.second;
  map.addControl(two, "bottom-right");
  bindMap(map, store, load, view, panels.zone);
  view.map = map;
  panels.share.follow(map);
  view.pointer = new Pointer(map, store, (hits, at) => {
    if (hits.length > 0) closeSheets();
    view.card.show(hits);
    reveal(map, element("card"), at);
  });
  panels.zone.follow(map, view.pointer);
  panels.share.zone = () => panels.zone.form();
  panels.address?.follow(map);
  map.once("render", () => bindSurroundings(store));
  // A handle for tests and for pages that embed this one.
  Object.assign(window, { observatory: { map, store } });
  uncover();
}

async function start(): Promise<void> {
  const root = element("explorer");
  const config = readConfig(root);
  setState("loading");
  const library = (import(ownAddress(config.maplibreUrl)) as Promise<MapLibre>).catch(() => null);
  const store = new Store(readJson("layers"), location.search, readJson("generations"));
  if (store.layers.length === 0) {
    showEmpty();
    return;
  }
  const load = areaLoader(config, store);
  const view = bindReading(store, load);
  const panels = bindPanelsOfServer(config, store);
  const maplibre = await library;
  if (!maplibre) {
    bindSurroundings(store);
    showFailure(t("error.server.title"), t("error.server.text"), () => location.reload());
    return;
  }
  try {
    await openMap(maplibre, store, config, view, load, panels);
  } catch (error) {
    console.warn(error);
    bindSurroundings(store);
    showFailure(t("error.webgl.title"), t("error.webgl.text"), config.listUrl);
  }
}

bindPanels();
void start();

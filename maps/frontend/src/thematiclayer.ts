/** Draws an indicator over the outlines of its places: classes, patterns of absence, circles. */
import type {
  ExpressionSpecification,
  GeoJSONSource,
  LayerSpecification,
  Map as MapLibreMap,
} from "maplibre-gl";
import { tileSource } from "./api";
import { ALERT, BORDER, HALO, HIGHLIGHT, LAND } from "./palette";
import type { Store } from "./store";
import { THEMATIC, styleId } from "./style";
import type { Drawing } from "./types";

const CIRCLES = styleId(THEMATIC, "circles");

const CLEAR = "rgba(255, 255, 255, 0)";

/** The colour of each place's class; places without a value are left to the patterns. */
function colour(drawing: Drawing): ExpressionSpecification | string {
  const held = drawing.classes.filter((one) => one.ids.length > 0);
  if (held.length === 0) return drawing.sizes.length > 0 ? LAND : CLEAR;
  const steps = held.flatMap((one) => [one.ids, one.colour]);
  return ["match", ["id"], ...steps, CLEAR] as unknown as ExpressionSpecification;
}

const among = (ids: number[]): ExpressionSpecification =>
  ["in", ["id"], ["literal", ids]] as unknown as ExpressionSpecification;

/** Only the places of the drawing have an edge: the layer may hold others. */
const everywhere = (drawing: Drawing): number[] => Object.keys(drawing.values).map(Number);

export class ThematicLayer {
  private drawn: Drawing | null = null;
  private tiles = "";

  constructor(
    private readonly map: MapLibreMap,
    private readonly store: Store,
    private readonly wanted: () => Drawing | null,
    private readonly insert: (part: string, spec: LayerSpecification) => void,
  ) {}

  /** Brings the map to the drawing that is wanted. */
  sync(): void {
    const drawing = this.wanted();
    if (drawing === this.drawn) return;
    this.drawn = drawing;
    if (!drawing) {
      this.remove();
      return;
    }
    this.outlines(drawing);
    this.paint(drawing);
  }

  private outlines(drawing: Drawing): void {
    const layer = this.store.layer(drawing.layer);
    if (!layer) return;
    const tiles = `${drawing.layer}/${drawing.generation ?? ""}`;
    if (tiles === this.tiles && this.map.getSource(THEMATIC)) return;
    this.remove();
    this.tiles = tiles;
    this.map.addSource(THEMATIC, tileSource(layer, drawing.generation));
    this.map.addSource(CIRCLES, { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    for (const spec of this.layers(drawing)) {
      this.insert(spec.id.slice(styleId(THEMATIC, "").length), spec);
    }
  }

  private layers(drawing: Drawing): LayerSpecification[] {
    const on = { source: THEMATIC, "source-layer": drawing.layer };
    const fill = (part: string, paint: object): LayerSpecification =>
      ({ id: styleId(THEMATIC, part), type: "fill", ...on, paint }) as LayerSpecification;
    const line = (part: string, paint: object): LayerSpecification =>
      ({ id: styleId(THEMATIC, part), type: "line", ...on, paint }) as LayerSpecification;
    return [
      fill("classed", { "fill-color": CLEAR, "fill-antialias": false }),
      fill("nodata", { "fill-pattern": "nodata" }),
      fill("few", { "fill-pattern": "few" }),
      line("edge", { "line-color": BORDER, "line-width": 0.8 }),
      line("lit", {
        "line-color": HIGHLIGHT,
        "line-width": ["case", ["boolean", ["feature-state", "lit"], false], 3.2, 0],
      }),
      {
        id: CIRCLES,
        type: "circle",
        source: CIRCLES,
        paint: {
          "circle-radius": ["/", ["get", "diameter"], 2],
          "circle-color": ALERT,
          "circle-opacity": 0.5,
          "circle-stroke-color": HALO,
          "circle-stroke-width": 1,
        },
      } as LayerSpecification,
    ];
  }

  private paint(drawing: Drawing): void {
    if (!this.map.getSource(THEMATIC)) return;
    const known = everywhere(drawing);
    this.map.setFilter(styleId(THEMATIC, "classed"), among(known));
    this.map.setFilter(styleId(THEMATIC, "edge"), among(known));
    this.map.setPaintProperty(styleId(THEMATIC, "classed"), "fill-color", colour(drawing));
    for (const kind of ["nodata", "few"] as const) {
      const ids = drawing.absent.find((one) => one.kind === kind)?.ids ?? [];
      this.map.setFilter(styleId(THEMATIC, kind), among(ids));
    }
    const features = drawing.circles.map(({ id, point, diameter }) => ({
      type: "Feature" as const,
      id,
      geometry: { type: "Point" as const, coordinates: point },
      properties: { diameter },
    }));
    this.map.getSource<GeoJSONSource>(CIRCLES)?.setData({ type: "FeatureCollection", features });
  }

  private remove(): void {
    this.tiles = "";
    for (const id of this.map.getLayersOrder()) {
      if (id.startsWith(styleId(THEMATIC, ""))) this.map.removeLayer(id);
    }
    for (const source of [THEMATIC, CIRCLES]) {
      if (this.map.getSource(source)) this.map.removeSource(source);
    }
  }
}

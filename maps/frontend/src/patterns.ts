/** Small repeating images, drawn once for the map and once more for the legend's swatches. */
import { FEW_GROUND, FEW_INK, NODATA_GROUND, NODATA_INK, QPV } from "./palette";

/** Images are drawn for screens of two dots a pixel. */
export const PIXEL_RATIO = 2;
const SIZE = 16;

export interface Pattern {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer>;
}

type Rgba = [red: number, green: number, blue: number, alpha: number];

function rgba(colour: string, alpha = 255): Rgba {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255, alpha];
}

function draw(paint: (x: number, y: number) => Rgba): Pattern {
  const data = new Uint8ClampedArray(SIZE * SIZE * 4);
  for (let y = 0; y < SIZE; y += 1) {
    for (let x = 0; x < SIZE; x += 1) data.set(paint(x, y), (y * SIZE + x) * 4);
  }
  return { width: SIZE, height: SIZE, data };
}

/** Lines at 45 degrees, `every` dots apart: SIZE must be a multiple of it to repeat unseen. */
function hatch(ink: Rgba, ground: Rgba, every: number, thick: number): Pattern {
  return draw((x, y) => ((x + y) % every < thick ? ink : ground));
}

function dots(ink: Rgba, ground: Rgba): Pattern {
  return draw((x, y) => {
    const near = (x % 8) - 3.5;
    const far = (y % 8) - 3.5;
    return near * near + far * far < 3.4 ? ink : ground;
  });
}

export const PATTERNS: Record<string, () => Pattern> = {
  few: () => dots(rgba(FEW_INK), rgba(FEW_GROUND)),
  nodata: () => hatch(rgba(NODATA_INK), rgba(NODATA_GROUND), 8, 2),
  qpv: () => hatch(rgba(QPV, 190), [0, 0, 0, 0], 16, 2),
};

/** A canvas filled with the pattern, for the legend. */
export function patternSwatch(name: string, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width * PIXEL_RATIO;
  canvas.height = height * PIXEL_RATIO;
  // Written dot by dot: no need to ask the graphics card, which is busy with the map.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const pattern = PATTERNS[name]?.();
  if (!context || !pattern) return canvas;
  for (let y = 0; y < canvas.height; y += SIZE) {
    for (let x = 0; x < canvas.width; x += SIZE) {
      context.putImageData(new ImageData(pattern.data, SIZE, SIZE), x, y);
    }
  }
  return canvas;
}

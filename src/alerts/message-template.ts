/**
 * Texts of notifications as an operator words them: plain text with the names of facts in double braces, and
 * nothing that computes. A value is put in once and never read as a template again; whoever sends the result
 * escapes it as the channel needs it.
 */

/** What a template may name. */
export const TEMPLATE_NAMES = [
  ...(['kind', 'severity', 'rule', 'node', 'subject', 'cluster', 'condition', 'value'] as const),
  ...(['since', 'at', 'by', 'incident', 'title', 'summary'] as const),
] as const;

export type TemplateName = (typeof TEMPLATE_NAMES)[number];
export type TemplateValues = Readonly<Record<TemplateName, string>>;

/** Characters of a template. */
export const TEMPLATE_LENGTH = 1000;

const PLACE = /\{\{([^{}]*)\}\}/g;
const BRACES = /\{\{|\}\}/;

function isName(name: string): name is TemplateName {
  return (TEMPLATE_NAMES as readonly string[]).includes(name);
}

/** What is wrong with it, as a sentence without its subject; null = nothing. */
export function templateProblem(template: string): string | null {
  for (const [place, inner = ''] of template.matchAll(PLACE)) {
    if (!isName(inner.trim())) return `names ${place}, which is none of ${TEMPLATE_NAMES.join(', ')}`;
  }
  return BRACES.test(template.replace(PLACE, '')) ? 'has braces that are not closed or not opened' : null;
}

/** The text with values in their places. A place that is no name stays as it is written. */
export function fillTemplate(template: string, values: TemplateValues): string {
  return template.replace(PLACE, (place, inner: string) => {
    const name = inner.trim();
    return isName(name) ? values[name] : place;
  });
}

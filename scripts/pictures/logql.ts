/*
 * Evaluates the forms of LogQL that config/dashboards/grafana/memwarden.json uses, over records in memory:
 *
 *   selection    {label="value"} | label != "" | label = "value" …
 *   range        count_over_time(selection [$range]) or sum_over_time(selection | unwrap label [$range])
 *   aggregation  sum(range), sum by (label, …) (range), topk(n, aggregation)
 *
 * The range is always all of the records: a caller that wants one point of a time series passes the records of its step.
 * Anything else is an error, so that a changed dashboard is not drawn wrongly.
 */

export type Labels = Readonly<Record<string, string>>;

/** A record as Loki has it: labels and structured metadata alike, names with underscores. */
export interface Entry {
  readonly labels: Labels;
  readonly timeMillis: number;
  readonly line: string;
}

/** One row of a result: the labels that it is grouped by, and its number. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

const SELECTOR = /^\{([^}]*)\}(.*)$/s;
const MATCHER = /^\s*([a-z_]+)\s*(=|!=)\s*"([^"]*)"\s*$/;
const RANGE = /^(count|sum)_over_time\((.*)\[\$__(?:range|auto)\]\)$/s;
const UNWRAP = /^(.*)\|\s*unwrap\s+([a-z_]+)\s*$/s;
const TOPK = /^topk\((\d+),\s*(.*)\)$/s;
const SUM = /^sum\s*(?:by\s*\(([^)]*)\)\s*)?\((.*)\)$/s;

/**
 * The records that a log query selects.
 * @throws Error for a form that is not evaluated here
 */
export function select(query: string, entries: readonly Entry[]): readonly Entry[] {
  const [, selector = '', filters = ''] = part(SELECTOR, query);
  const matchers = [...selector.split(','), ...filters.split('|').slice(1)].map(text => {
    const [, label = '', operator, value] = part(MATCHER, text);
    // a label that is not there is an empty one (Loki, "Label filter expression")
    return ({ labels }: Entry) => ((labels[label] ?? '') === value) === (operator === '=');
  });
  return entries.filter(entry => matchers.every(isMatch => isMatch(entry)));
}

/**
 * The result of a metric query over these records, largest value first.
 * @throws Error for a form that is not evaluated here
 */
export function evaluate(query: string, entries: readonly Entry[]): readonly Sample[] {
  const [, limit, inner] = TOPK.exec(query) ?? [];
  if (inner !== undefined) return evaluate(inner, entries).slice(0, Number(limit));
  const [, labels = '', range = ''] = part(SUM, query);
  const [, kind, body = ''] = part(RANGE, range);
  const [, selection = body, unwrapped = ''] = kind === 'sum' ? part(UNWRAP, body) : [];
  const by = labels.split(',').flatMap(label => (label.trim() === '' ? [] : [label.trim()]));
  const samples = new Map<string, { labels: Labels; value: number }>();
  for (const entry of select(selection, entries)) {
    const group = by.flatMap(label => {
      const value = entry.labels[label];
      return value === undefined ? [] : [[label, value]];
    });
    const key = JSON.stringify(group);
    const sample = samples.get(key) ?? { labels: Object.fromEntries(group), value: 0 };
    sample.value += kind === 'count' ? 1 : Number(entry.labels[unwrapped]);
    samples.set(key, sample);
  }
  return [...samples.values()].sort((a, b) => b.value - a.value);
}

function part(pattern: RegExp, text: string): RegExpExecArray {
  const match = pattern.exec(text.trim());
  if (match === null)
    throw new Error(`failed to evaluate a query: ${text} is not of a form that is known here`);
  return match;
}

import type { Plan, PlanEntry } from '../../../application/plan/plan-images.ts';
import { BASE_TAG_RULE } from '../../../domain/image/image-status.ts';
import { text } from '../text.ts';

type Paint = (text: string) => string;

interface Colours {
  readonly good: Paint;
  readonly bad: Paint;
  readonly dim: Paint;
  readonly bold: Paint;
}

const plain: Paint = (text) => text;
const PLAIN: Colours = { good: plain, bad: plain, dim: plain, bold: plain };

function sgr(code: number): Paint {
  return (text) => (text === '' ? '' : `\u001B[${code}m${text}\u001B[0m`);
}

const COLOURED: Colours = { good: sgr(32), bad: sgr(31), dim: sgr(2), bold: sgr(1) };

/**
 * For people: of each Image what would happen and why, then what each rule says, then, where they were asked for, what becomes
 * of each tag.
 */
export function table(plans: readonly Plan[], coloured: boolean): string {
  const colours = coloured ? COLOURED : PLAIN;
  return `${plans.map((plan) => block(plan, colours)).join('\n\n')}\n`;
}

function block({ entry, why }: Plan, colours: Colours): string {
  const { good, bad, bold } = colours;
  const { namespace, name, image, currentTag, rules, move, candidates, workloads, triggers = [], error } = entry;
  const title = `${bold(text(`${namespace}/${name}`))}  ${text(`${image}:${currentTag}`)}`;
  const refused = triggers.map(({ field, message }) => `  ${bad(text(`invalid: ${field}: ${message}`))}`);
  if (error !== undefined) return [title, `  ${bad(`error: ${text(error)}`)}`, ...refused].join('\n');
  return [
    title,
    `  ${move === null ? head(entry, why) : good(moves(entry, why))}`,
    ...refused,
    '',
    ...ruleRows(rules, colours),
    ...(candidates === undefined ? [] : ['', ...candidateRows(candidates, colours)]),
    ...(workloads === undefined ? [] : ['', ...workloadRows(workloads, colours)]),
  ].join('\n');
}

function ruleRows(rules: PlanEntry['rules'], { good, dim }: Colours): string[] {
  return columns([
    { cells: ['RULE', 'TYPE', 'TAG', 'WHY'], paint: dim },
    ...rules.map((rule) => ({
      cells: [rule.name, rule.type, rule.tag ?? '-', rule.reason],
      paint: rule.tag === null ? plain : good,
    })),
  ]);
}

function candidateRows(candidates: NonNullable<PlanEntry['candidates']>, { good, dim }: Colours): string[] {
  return columns([
    { cells: ['CANDIDATE', 'RULE', 'VERDICT', 'WHY'], paint: dim },
    ...candidates.map(({ tag, rule, verdict, reason }) => ({
      cells: [tag, rule, verdict, reason],
      paint: { selected: good, older: dim, excluded: plain }[verdict],
    })),
  ]);
}

function workloadRows(workloads: NonNullable<PlanEntry['workloads']>, { good, dim }: Colours): string[] {
  const containers = workloads.flatMap((workload) =>
    workload.containers.map((container) => ({ ...container, workload: `${workload.kind} ${workload.name}` })),
  );
  if (containers.length === 0) return [`  ${dim('no workload in the files uses this repository in this namespace')}`];
  return columns([
    { cells: ['WORKLOAD', 'CONTAINER', 'IMAGE', 'BECOMES', 'WHY'], paint: dim },
    ...containers.map((one) => ({
      cells: [one.workload, one.name, one.image, one.becomes ?? '-', one.reason],
      paint: one.becomes === null ? plain : good,
    })),
  ]);
}

function moves({ currentTag, move, rules }: PlanEntry, why: string | undefined): string {
  const { tag, rule, action } = move!;
  const to = tag === currentTag ? `${tag} (pushed again with a new digest)` : `${currentTag} -> ${tag}`;
  // Its own reason says it by name.
  const by =
    rule === BASE_TAG_RULE && !rules.some(({ name }) => name === rule) ? '' : ` by rule ${JSON.stringify(rule)}`;
  return text(
    `${action === 'request-approval' ? 'asks for approval to move' : 'moves'} ${to}${by}${why === undefined ? '' : `: ${why}`}`,
  );
}

function head({ currentTag, rules }: PlanEntry, why: string | undefined): string {
  if (why !== undefined) return text(`stays on ${currentTag}: ${why}`);
  return text(
    `stays on ${currentTag}: ${rules.some(({ tag }) => tag !== null) ? 'no rule that finds a tag has the action apply or request-approval' : 'no rule finds a tag to move to'}`,
  );
}

interface Row {
  readonly cells: readonly string[];
  readonly paint: Paint;
}

/** Aligned, the last column as long as it is. */
function columns(rows: readonly Row[]): string[] {
  const shown = rows.map(({ cells, paint }) => ({ cells: cells.map(text), paint }));
  const widths = shown[0]!.cells.map((_, at) =>
    shown.reduce((width, { cells }) => Math.max(width, cells[at]!.length), 0),
  );
  return shown.map(({ cells, paint }) =>
    paint(`  ${cells.map((cell, at) => (at === cells.length - 1 ? cell : cell.padEnd(widths[at]!))).join('  ')}`),
  );
}

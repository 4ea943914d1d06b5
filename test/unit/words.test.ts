// The words of the house: an old word must not come back as a name in src. What people read is not looked at, only names.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

interface Word {
  /** Found in code without its comments. */
  readonly old: RegExp;
  readonly say: string;
  /** The folder where the word is an old one; everywhere without it. */
  readonly under?: string;
}

/** A name that is no word of English: wherever it stands in code. */
const name = (...names: string[]): RegExp => new RegExp(`\\b(?:${names.join('|')})\\b`);

/** A word of English: only where code declares or calls it, so that a text may use it. */
const declared = (...words: string[]): RegExp => {
  const any = `(?:${words.join('|')})`;
  const declaration = `(?:const|let|function\\*?|class|interface|type|readonly|private|protected|static|async)\\s+${any}\\b`;
  return new RegExp(`\\b${declaration}|\\.${any}\\(|^\\s+${any}\\??[:(]`, 'm');
};

const WORDS: readonly Word[] = [
  { old: name('lookAt', 'RolloutSheet'), say: 'RolloutContext, podsNeeded, ownersNeeded' },
  { old: declared('sheet', 'effects', 'wake'), say: 'context, commands, requeueAt', under: 'src/domain/rollout' },
  { old: name('tellings', 'Tellings', 'lateWorkloads'), say: 'rollout events and conditions, adoptWorkloads' },
  {
    old: name('templateEntries', 'entriesAreOurs', 'setEntries', 'ownerOfEntries'),
    say: 'pinned tags, ownsAnnotation, setImagesAnnotation, annotationManagerOf',
  },
  // Maps and lists have a method of that name.
  {
    old: /\b(?:const|let|readonly)\s+entries\b/,
    say: 'pinnedTags, or imagesAnnotation for its text',
    under: 'src/domain',
  },
  { old: name('lastWord', 'NOT_RECORDED', 'hasSay'), say: 'annotationManager, UNKNOWN_MANAGER, selects' },
  { old: declared('rivals', 'ties', 'choose'), say: 'competingImages, ambiguousWorkloads, selectImage' },
  { old: name('goBack'), say: 'rollBack' },
  { old: declared('withdraw', 'withdrawn', 'remake'), say: 'cancel, recreatePod' },
  { old: name('Chooser', 'stepFrom', 'levelStep'), say: 'CandidateSelector, constraintFrom, levelConstraint' },
  { old: declared('chooser', 'wants', 'misses', 'stuck'), say: 'selector, description, explain, notApplicable' },
  { old: name('ofLine', 'isOfLine', 'LineRule', 'TagLine'), say: 'sameSeries, version rule, TagSeries' },
  { old: declared('line', 'step', 'Step'), say: 'series, constraint', under: 'src/domain/rule' },
  { old: declared('line'), say: 'series', under: 'src/domain/tag' },
  { old: declared('pick', 'question', 'Question'), say: 'selectCandidate, DecisionInput', under: 'src/domain' },
  { old: declared('learned', 'learn'), say: 'currentDigest, observe' },
  { old: name('rebase', 'RefreshEnd'), say: 'a changed base tag, RefreshOutcome' },
  { old: name('TriggerImages', 'takeUp'), say: 'RefreshScheduler, enqueue' },
  { old: name('isNews'), say: 'isRefreshRequest', under: 'src/application/trigger' },
  { old: declared('wind', 'ring'), say: 'arm, fire' },
  {
    old: name('SharedAnswers', 'BuiltRules', 'DueTimes', 'inTurns'),
    say: 'RequestCoalescer, RuleCache, DelayQueue, mapConcurrent',
  },
  { old: name('putTags', 'tagOn', 'tagFor'), say: 'mutatePod, resolveTag' },
  { old: name('BehindError', 'downForMs', 'behindMs'), say: 'StaleCacheError, staleForMs' },
  { old: name('SlimImages', 'mayStill'), say: 'ImageInterner, isStillLeader' },
  { old: declared('Basis'), say: 'Precondition' },
];

/** A source file with nothing in place of its comments: roughly, for a URL in a text goes with them. */
function code(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*$/gm, '');
}

const FILES = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => join('src', file))
  .toSorted();

it.each(WORDS)('names in src say $say, not what was said before', ({ old, under = 'src' }) => {
  const files = FILES.filter((file) => file.startsWith(`${under}/`));
  expect(files.length).toBeGreaterThan(0);
  expect(
    files.flatMap((file) => (old.test(code(file)) ? [`${file}: ${old.exec(code(file))![0].trim()}`] : [])),
  ).toEqual([]);
});

it.each([
  ['  private async learn(raw: Raw): void {', true],
  ['    return { stuck: why };', false],
  ['        stuck: why,', true],
  ['  readonly wants: string;', true],
  ['    this.keeper.choose(images);', true],
  ["  say('what it wants: to learn');", false],
  ['const learning = learnedFrom(wanted);', false],
])('finds a name, not a word of a text: %s', (text, found) => {
  expect(declared('learn', 'stuck', 'wants', 'choose').test(text)).toBe(found);
});

// How long one evaluation takes in the fastest JavaScript engines, beside the same flags in ours:
//   node peers.mjs
// Each line {"case":NAME,"rounds":N} is answered with the nanoseconds of one evaluation, a round each.
import { FlagdCore } from '@openfeature/flagd-core';
import { GrowthBook } from '@growthbook/growthbook';
import { lines } from './lines.mjs';

const ROUND_NANOSECONDS = 2e6;
const logger = { error() {}, warn() {}, info() {}, debug() {} };
const germany = { in: [{ var: 'country' }, ['DE', 'AT']] };
const halves = { fractional: [['on', 50], ['off', 50]] };
const flagd = (targeting) => ({ state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on', ...(targeting ? { targeting } : {}) });
const core = new FlagdCore(undefined, logger);
core.setConfigurations(JSON.stringify({
  flags: {
    static: flagd(),
    attribute: flagd({ if: [germany, 'on', 'off'] }),
    'rule-and-split': flagd({ if: [germany, halves, 'off'] }),
  },
}));

const growthbook = new GrowthBook({ attributes: { id: 'user-4711', country: 'DE', age: 42 } });
const half = { variations: [true, false], weights: [0.5, 0.5], key: 'salt', hashVersion: 2 };
await growthbook.initSync({
  payload: {
    features: {
      static: { defaultValue: true },
      attribute: { defaultValue: false, rules: [{ condition: { country: { $in: ['DE', 'AT'] } }, force: true }] },
      'rule-and-split': { defaultValue: false, rules: [{ condition: { country: { $in: ['DE', 'AT'] } }, ...half }] },
    },
  },
});

// A list of a million ids as each engine has it: an array to search. Made only for who asks.
const million = () => Array.from({ length: 1_000_000 }, (_, i) => `unit-${i}`);
const member = 'unit-777777';

function flagdSegment() {
  const listed = new FlagdCore(undefined, logger);
  listed.setConfigurations(JSON.stringify({ flags: { segment: flagd({ if: [{ in: [{ var: 'targetingKey' }, million()] }, 'on', 'off'] }) } }));
  return () => listed.resolveBooleanEvaluation('segment', false, { targetingKey: member }, logger).value;
}

function growthbookSegment() {
  const listed = new GrowthBook({ attributes: { id: member } });
  listed.initSync({
    payload: {
      features: { segment: { defaultValue: false, rules: [{ condition: { id: { $inGroup: 'million' } }, force: true }] } },
      savedGroups: { million: million() },
    },
  });
  return () => listed.evalFeature('segment').value;
}

const context = { targetingKey: 'user-4711', country: 'DE', age: 42 };
const evaluate = (name) => {
  const [engine, flag] = name.split(':');
  if (flag === 'segment') return engine === 'flagd' ? flagdSegment() : growthbookSegment();
  return engine === 'flagd'
    ? () => core.resolveBooleanEvaluation(flag, false, context, logger).value
    : () => growthbook.evalFeature(flag).value;
};

function time(one, count) {
  let on = 0;
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) {
    if (one() === true) on++;
  }

  return { nanoseconds: Number(process.hrtime.bigint() - start), on };
}

await lines(({ case: name, rounds }) => {
  const one = evaluate(name);
  if (typeof one() !== 'boolean') throw new Error(`${name} gave ${one()}`);
  const first = time(one, 10).nanoseconds / 10;
  const warmUp = first > 100_000 ? 20 : 20_000;
  time(one, warmUp);
  const count = Math.max(10, Math.round(ROUND_NANOSECONDS / (time(one, warmUp).nanoseconds / warmUp)));
  return { nanoseconds: Array.from({ length: rounds }, () => time(one, count).nanoseconds / count) };
});

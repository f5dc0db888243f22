// Evaluates a flag of a flagd document with npm @openfeature/flagd-core, in both of its modes: compiled (its default) and
// interpreted (disableDynamicCodeGeneration). {document, key, type, fallback, context} -> {compiled, interpreted}.
import { FlagdCore, MemoryStorage } from '@openfeature/flagd-core';
import { lines } from './lines.mjs';

const silent = { error() {}, warn() {}, info() {}, debug() {} };

function core(document, disableDynamicCodeGeneration) {
  const flagd = new FlagdCore(new MemoryStorage(silent, { disableDynamicCodeGeneration }), silent);
  flagd.setConfigurations(document);
  return flagd;
}

function resolve(flagd, { key, type, fallback, context }) {
  const ask = { boolean: 'resolveBooleanEvaluation', string: 'resolveStringEvaluation', number: 'resolveNumberEvaluation', object: 'resolveObjectEvaluation' };
  const { value, variant, reason, errorCode } = flagd[ask[type]](key, fallback, context);
  return { value, variant, reason, errorCode };
}

let document;
let modes;

await lines((question) => {
  if (question.document !== undefined && question.document !== document) {
    document = question.document;
    modes = [core(document, false), core(document, true)];
  }

  return { compiled: resolve(modes[0], question), interpreted: resolve(modes[1], question) };
});

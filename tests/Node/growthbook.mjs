// Evaluates a feature with npm @growthbook/growthbook. {payload, key, attributes} -> {value, source, ruleId, inExperiment}.
import { createRequire } from 'node:module';
import { lines } from './lines.mjs';

const { GrowthBook } = createRequire(import.meta.url)('@growthbook/growthbook');

await lines(({ payload, key, attributes }) => {
  const { features, savedGroups } = payload;
  const growthbook = new GrowthBook({ features, savedGroups, attributes });
  const { value, source, ruleId, experimentResult } = growthbook.evalFeature(key);
  const answer = { value, source, ruleId, inExperiment: experimentResult?.inExperiment ?? false };
  growthbook.destroy();
  return answer;
});

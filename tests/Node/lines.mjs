// The loop of a script that a test or benchmark talks with: one line of JSON in, one line of JSON out, in order.
import { createInterface } from 'node:readline';

/**
 * @param {(question: any) => any} answer What the script does with a line; may be asynchronous. What it throws is
 * answered as {"error": "..."}, so that one question does not end the others.
 */
export async function lines(answer) {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (line === '') continue;
    let result;
    try {
      result = await answer(JSON.parse(line));
    } catch (error) {
      result = { error: String(error?.message ?? error) };
    }

    process.stdout.write(JSON.stringify(result) + '\n');
  }
}

/** What single views ask the cluster for, once for a text; what has no answer says so where it stands. */
import type { Desk } from '../feed/desk.ts';
import { type Question, questionKey } from '../feed/slices.ts';
import { wanted } from '../model/lists.ts';
import type { Message } from '../model/messages.ts';
import type { Model } from '../model/model.ts';
import { update } from '../model/update.ts';
import { failureOf } from '../patience.ts';

async function answerTo(question: Question, desk: Desk, wall: () => number): Promise<Message> {
  try {
    const value = await desk.read(question);
    return { type: 'answer', question, value, now: wall() };
  } catch (error) {
    return { type: 'no-answer', question, failure: failureOf(error), now: wall() };
  }
}

/** With all that the view of the model wants to know; of answers there may come more questions. */
export async function withAnswers(model: Model, desk: Desk, wall: () => number): Promise<Model> {
  const asked = new Set<string>();
  let told = model;
  for (;;) {
    const questions = wanted(told).filter((question) => !asked.has(questionKey(question)));
    if (questions.length === 0) return told;
    for (const question of questions) asked.add(questionKey(question));
    for (const message of await Promise.all(questions.map((q) => answerTo(q, desk, wall))))
      [told] = update(told, message);
  }
}

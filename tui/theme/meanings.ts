/** What each token means, for whoever writes a theme; docs/themes.md is made from it. */
import type { Token } from './tokens.ts';

export const MEANINGS: Readonly<Record<Token, string>> = {
  plain: 'everything without a meaning of its own',
  title: 'titles of panes and dialogs, names that are the subject',
  muted: 'units, headings, what is old or cannot be used now',
  focus: 'the edge of the pane with the focus, the open tab, the field that is written in',
  key: 'keys and commands',
  leader: 'the node that leads',
  learner: 'a node without a vote',
  candidate: 'what is under way: an election, an operation, a trial',
  suspect: 'a node that not all hear, a picture that is stale, the second that is looked back at',
  dead: 'a node that is counted out, a cluster that does not answer',
  maintenance: 'a node that somebody put aside',
  ok: 'what is as it should be: a passed check, quorum, health',
  warning: 'what needs a look; a refusal',
  critical: 'what needs a hand now; keys that can change the cluster; no leader',
  info: 'alerts and events that only inform; who has seen an alert',
  live: 'the word LIVE: the picture is of now',
  frozen: 'FROZEN, HISTORY and READ-ONLY',
  lost: 'LOST and VIEWS DISAGREE: what is shown may not be so',
  selected: 'the row under the bar, and the button with the focus',
  armed: 'a confirmation that the next Enter carries out',
};

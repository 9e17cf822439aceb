/** What the record asks of a node's `pki` folder: a voter's key, and the CA of now. */
import { AuthorityFollow, type AuthorityFollowParts } from './authority-follow.ts';
import { VoterKey, type VoterKeyParts } from './voter-key.ts';

/** To be called whenever the record changed. */
export function pkiFollower(parts: VoterKeyParts & AuthorityFollowParts): () => void {
  const voterKey = new VoterKey(parts);
  const authority = new AuthorityFollow(parts);
  return () => {
    void voterKey.follow();
    void authority.follow();
  };
}

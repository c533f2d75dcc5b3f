/** Options of a plan, the same when it is made and when it is changed. */
import type { Option } from './option.ts'

export const PLAN_LIMITS: readonly Option[] = [
  { name: 'default-rate-limit', what: "requests of a user, such as '1000 per minute', or unlimited; default what the server says" },
  { name: 'trigger-rate-limit', what: "accepted triggers, such as '60 per 5 minutes', or unlimited; default what the server says" },
  {
    name: 'rate-limit-key',
    choices: ['ACCOUNT_PLUS_ASSET', 'ACCOUNT', 'USER', 'account+asset', 'account', 'user'],
    what: 'what triggers are counted by',
  },
  { name: 'max-users', kind: 'whole', what: 'users an account may have' },
  { name: 'max-assets', kind: 'whole', what: 'assets an account may have' },
  { name: 'max-clients', kind: 'whole', what: 'accounts a consultancy may advise' },
]

/** As the database spells them. */
export const rateKey = (text: string): string => text.toUpperCase().replace('+', '_PLUS_')

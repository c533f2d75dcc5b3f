/** Accounts of Mosquitto's dynamic security plugin: what is published to its control topic, as JSON. */
import type { TopicRights } from './broker.ts'

export const DYNAMIC_SECURITY_TOPIC = '$CONTROL/dynamic-security/v1'

interface Acl {
  acltype: string
  topic: string
  priority: number
  allow: boolean
}

export type DynamicSecurityCommand = { command: string } & Record<string, unknown>

const roleOf = (account: string) => `participant-${account}`
const acl = (acltype: string, topic: string): Acl => ({ acltype, topic, priority: 0, allow: true })
const aclsOf = ({ send, receive }: TopicRights): Acl[] => [
  ...send.map((topic) => acl('publishClientSend', topic)),
  ...receive.flatMap((topic) => [acl('subscribePattern', topic), acl('publishClientReceive', topic)]),
]

/** What nobody has a right to is denied; as delivered, the plugin allows to receive everything. */
export function denyByDefault(): DynamicSecurityCommand {
  return {
    command: 'setDefaultACLAccess',
    acls: [
      ...['publishClientSend', 'publishClientReceive', 'subscribe'].map((acltype) => ({ acltype, allow: false })),
      { acltype: 'unsubscribe', allow: true },
    ],
  }
}

/** Makes the account, with a role of its own. Bound to one client id, nobody else's connection can push it out. */
export function createAccount(account: string, password: string, rights: TopicRights, clientId?: string): DynamicSecurityCommand[] {
  const rolename = roleOf(account)
  return [
    { command: 'createRole', rolename, acls: aclsOf(rights) },
    {
      command: 'createClient',
      username: account,
      password,
      ...(clientId !== undefined && { clientid: clientId }),
      roles: [{ rolename, priority: 0 }],
    },
  ]
}

/** Gives the account other rights; connected clients get them at once. */
export const changeRights = (account: string, rights: TopicRights): DynamicSecurityCommand[] => [
  { command: 'modifyRole', rolename: roleOf(account), acls: aclsOf(rights) },
]

/** Takes the account away: `disableClient` cuts off who is connected with it, at once. */
export const removeAccount = (account: string): DynamicSecurityCommand[] => [
  { command: 'disableClient', username: account },
  { command: 'deleteClient', username: account },
  { command: 'deleteRole', rolename: roleOf(account) },
]

/** The payload for the control topic. */
export const dynamicSecurityPayload = (commands: readonly DynamicSecurityCommand[]): string => JSON.stringify({ commands })

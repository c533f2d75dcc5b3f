export { type MqttAccounts, type MqttBroker, type MqttBrokerOptions, openMqttBroker, type TopicRights } from './broker.ts'
export { type MqttClient, type MqttClientOptions, type MqttMessage, openMqttClient, type Qos } from './client.ts'
export {
  changeRights,
  createAccount,
  DYNAMIC_SECURITY_TOPIC,
  type DynamicSecurityCommand,
  denyByDefault,
  dynamicSecurityPayload,
  removeAccount,
} from './dynamic-security.ts'
export { rightsFor, type TopicOwner } from './rights.ts'
export { covers, isTopicFilter, isTopicLevel, topicMatches } from './topic.ts'
export { USUAL_TOPICS, type UsualTopics } from './usual-topics.ts'

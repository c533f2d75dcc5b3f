/**
 * French of the audit log. Its sentences are FlexMeasures' (and ours in its manner), kept in English in the database; here each form has a
 * French one. What fits none of them is shown as it was written. `audit.test.ts` holds the forms against those that the platform writes.
 */
const THINGS: Readonly<Record<string, string>> = {
  asset: "l'équipement",
  sensor: 'le capteur',
  automation: "l'automatisation",
  user: "l'utilisateur",
}
const OF: Readonly<Record<string, string>> = { asset: "de l'équipement", sensor: 'du capteur', automation: "de l'automatisation" }

const PLACES: Readonly<Record<string, string>> = { all: 'partout', station: 'borne', evse: 'point de charge', token: 'badge' }

type Form = [pattern: RegExp, french: (...parts: string[]) => string]

const FORMS: readonly Form[] = [
  [/^Created (asset|sensor|automation) '(.*)': (\d+)$/s, (kind, name, id) => `Création ${OF[kind]} « ${name} » (n° ${id})`],
  [/^Deleted (asset|sensor|automation) '(.*)': (\d+)$/s, (kind, name, id) => `Suppression ${OF[kind]} « ${name} » (n° ${id})`],
  [
    /^Copied asset '(.*)': (\d+) to '(.*)': (\d+)$/s,
    (from, one, to, other) => `Copie de « ${from} » (n° ${one}) vers « ${to} » (n° ${other})`,
  ],
  [
    /^Updated (asset|sensor|automation|user) '(.*)': (\d+)\. Updated fields: (.*)$/s,
    (kind, name, id, fields) => `Modification : ${THINGS[kind]} « ${name} » (n° ${id}). ${fieldsOf(fields)}`,
  ],
  [/^Ran automation '(.*)': (\d+)$/s, (name, id) => `Automatisation « ${name} » (n° ${id}) lancée`],
  [/^Trusted the root '(.*)' for (.*)$/s, (name, uses) => `Racine « ${name} » approuvée pour ${uses}`],
  [/^Revoked the certificate '(.*)': (.*)$/s, (name, why) => `Certificat « ${name} » révoqué : ${why}`],
  [/^Installed a (.*) on station '(.*)': (.*)$/s, (use, station, how) => `${use} installé sur la borne « ${station} » : ${how}`],
  [
    /^Removed certificate (.*) from station '(.*)': (.*)$/s,
    (serial, station, how) => `Certificat ${serial} ôté de la borne « ${station} » : ${how}`,
  ],
  [
    /^Asked station '(.*)' to renew its (.*): (.*)$/s,
    (station, what, how) => `Borne « ${station} » priée de renouveler son ${what} : ${how}`,
  ],
  [/^Changed the password of station '(.*)': (.*)$/s, (station, how) => `Mot de passe de la borne « ${station} » changé : ${how}`],
  [
    /^Brought station '(.*)' to security profile (\d): (.*)$/s,
    (station, profile, how) => `Borne « ${station} » passée au profil de sécurité ${profile} : ${how}`,
  ],
  [/^Connected station '(.*)' to (.*) as well$/s, (station, url) => `Borne « ${station} » reliée aussi à ${url}`],
  [/^Took station '(.*)' from its other CSMS$/s, (station) => `Borne « ${station} » détachée de son autre CSMS`],
  [/^Tariff '(.*)' was set$/s, (id) => `Tarif « ${id} » enregistré`],
  [/^Tariff '(.*)' was deleted$/s, (id) => `Tarif « ${id} » supprimé`],
  [
    /^Tariff of (\S+) (.*) is (.*)$/s,
    (scope, key, id) => `Tarif (${PLACES[scope!] ?? scope} ${key}) : ${id === 'no longer its own' ? 'plus de tarif propre' : id}`,
  ],
  [/^Webhook to (.*) was made$/s, (host) => `Webhook vers ${host} créé`],
  [/^Webhook (.*) was removed$/s, (id) => `Webhook ${id} supprimé`],
  [/^Wish for the session at '(.*)': (.*)$/s, (place, wish) => `Souhait pour la session à « ${place} » : ${wish}`],
  [/^Said what '(.*)' takes$/s, (model) => `Capacités du modèle « ${model} » précisées`],
  [/^Updated attribute '(.*)': from (.*) to (.*)$/s, (name, was, is) => `Attribut ${name} : de ${was} à ${is}`],
  [/^Updated: (.*?), From: (.*), To: (.*)$/s, (field, was, is) => `${field} : de ${was} à ${is}`],
  [/^Updated Attr: (.*?), From: (.*), To: (.*)$/s, (field, was, is) => `Attribut ${field} : de ${was} à ${is}`],
  [/^Updated (\w+):\n(.*)$/s, (field, changes) => `${field} modifié :\n${changesOf(changes)}`],
  [/^Account Updated, Field: (.*)$/s, (fields) => `Organisation modifiée. ${fieldsOf(fields)}`],
  [/^Account (.*) created$/s, (name) => `Organisation ${name} créée`],
  [/^Deleted account (.*)$/s, (name) => `Organisation ${name} supprimée`],
  [/^User (.*) deleted$/s, (name) => `Utilisateur ${name} supprimé`],
  [/^User (.*) created from the command line$/s, (name) => `Utilisateur ${name} créé en ligne de commande`],
  [/^User (.*) created$/s, (name) => `Utilisateur ${name} créé`],
  [/^Password reset for user (.*)$/s, (name) => `Mot de passe de ${name} réinitialisé`],
  [/^Password of (.*) changed by its user$/s, (name) => `Mot de passe de ${name} changé par lui-même`],
  [/^Password of (.*) chosen with a mailed link$/s, (name) => `Mot de passe de ${name} choisi par le lien d'un courriel`],
  [/^Password of (.*) set from the command line$/s, (name) => `Mot de passe de ${name} posé en ligne de commande`],
  [/^Token '(.*)' of (.*) issued from the command line$/s, (label, name) => `Jeton « ${label} » de ${name} créé en ligne de commande`],
  [/^Token for '(.*)' made by (.*)$/s, (label, name) => `Jeton « ${label} » créé par ${name}`],
  [/^Token for '(.*)' ended by (.*)$/s, (label, name) => `Jeton « ${label} » révoqué par ${name}`],
  [/^Sign-in of (.*) failed$/s, (email) => `Connexion de ${email} refusée`],
  [
    /^(Removed|Added) role\(s\): \[(.*?)\]\.(.*)$/s,
    (how, roles, rest) => `${how === 'Added' ? 'Rôle donné' : 'Rôle retiré'} : ${roles}. ${inFrench(rest)}`.trim(),
  ],
  [/^Active status set to '(True|False)'\.$/s, (on) => (on === 'True' ? 'Compte activé.' : 'Compte désactivé.')],
  [
    /^Deleted data for sensor '(.*)': (\d+)(.*)$/s,
    (name, id, rest) =>
      `Valeurs du capteur « ${name} » (n° ${id}) supprimées${rest.replace(', source: ', ', source : ').replace(', from: ', ', depuis ').replace(', until: ', ", jusqu'à ")}`,
  ],
  [
    /^Data from (.*) uploaded to sensor '(.*)': (\d+)$/s,
    (files, name, id) => `Valeurs de ${files} importées dans le capteur « ${name} » (n° ${id})`,
  ],
  [
    /^Resampled sensor data for sensor '(.*)': (\d+) to (.*) minutes from (.*) minutes$/s,
    (name, id, to, from) => `Valeurs du capteur « ${name} » (n° ${id}) rééchantillonnées de ${from} à ${to} minutes`,
  ],
  [
    /^Removed (sensor|asset) reference (.*) from (\S+) \(because .*\)\.$/s,
    (kind, id, field) => `Référence ${OF[kind]} ${id} ôtée de ${field} : il a été supprimé.`,
  ],
  [/^Posted limit '(.*)': (\S+)$/s, (because, id) => `Limite posée « ${because} » (${id})`],
  [/^Ended limit: (\S+)$/s, (id) => `Limite levée (${id})`],
  [
    /^Ordered (\S+) kW for '(.*)' until (\S+): (\S+)$/s,
    (kw, device, until, id) => `${kw} kW imposés à ${device} jusqu'au ${until} (${id})`,
  ],
  [/^Took back override: (\S+)$/s, (id) => `Puissance imposée retirée (${id})`],
  [/^Sent (\S+) to station '(.*)': (.*)$/s, (action, station, status) => `${action} envoyé à la borne ${station} : ${status}`],
  [/^Began the firmware campaign '(.*)'$/s, (name) => `Campagne de micrologiciel « ${name} » commencée`],
  [
    /^Firmware campaign (\d+): (\S+)$/s,
    (id, what) =>
      `Campagne de micrologiciel ${id} : ${{ stop: 'arrêtée', resume: 'reprise' }[what as 'stop' | 'resume'] ?? 'nouvel essai'}`,
  ],
  [/^Made the contract …(.*)$/s, (end) => `Contrat …${end} établi`],
  [/^Revoked the contract …(\S*): (.*)$/s, (end, why) => `Contrat …${end} révoqué : ${why}`],
  [/^Made the car '(.*)' for trials$/s, (car) => `Voiture d'essai « ${car} » créée`],
  [/^Imported (.*) stations and badges$/s, (count) => `${count} bornes et badges importés`],
  [/^Took the tariffs from station '(.*)'$/s, (station) => `Tarifs retirés de la borne « ${station} »`],
  [/^Declared what is wished of appliance (\d+)$/, (id) => `Souhait déclaré pour l'appareil n° ${id}`],
  [/^Cancelled what was wished of appliance (\d+)$/, (id) => `Souhait annulé pour l'appareil n° ${id}`],
  [/^Started appliance (\d+) by hand$/, (id) => `Appareil n° ${id} démarré à la main`],
  [/^Imported (\d+) devices of an inventory$/, (count) => `${count} matériels d'un inventaire importés`],
  [
    /^Took (\d+) appliances and (\d+) devices of a coordination database over$/,
    (appliances, devices) => `${appliances} appareils et ${devices} matériels repris d'une base de coordination`,
  ],
  [
    /^Took in the revocation list of '(.*)': (\d+) certificates$/s,
    (issuer, count) => `Liste de révocation de « ${issuer} » enregistrée : ${count} certificats`,
  ],
  [/^Removed the revocation list of '(.*)'$/s, (issuer) => `Liste de révocation de « ${issuer} » retirée`],
  [/^Registered station '(.*)'$/s, (station) => `Borne ${station} enregistrée`],
  [
    /^Mails about wishes that are not kept, for users who chose nothing: (.*)$/s,
    (mail) => `Courriels sur les souhaits non tenus, pour qui n'a rien choisi : ${mail}`,
  ],
]

const changesOf = (lines: string): string =>
  lines
    .replace(/^(\d+\. )Added graph (\d+)/gm, '$1Graphe $2 ajouté')
    .replace(/^(\d+\. )Removed graph (\d+)/gm, '$1Graphe $2 ôté')
    .replace(/^(\d+\. )Changed graph (\d+)/gm, '$1Graphe $2 modifié')
    .replace(/^(\d+\. )Added (\S+):/gm, '$1$2 ajouté :')
    .replace(/^(\d+\. )Removed (\S+) \(was:/gm, '$1$2 ôté (avant :')
    .replace(/^(\d+\. )Changed (\S+):/gm, '$1$2 :')
    .replace(/\(sensors \[/g, '(capteurs [')
    .replace('No changes', 'aucun changement')

const fieldsOf = (text: string): string =>
  text
    .replaceAll('Field name: ', 'Champ ')
    .replaceAll(', Old value: ', ' : avant ')
    .replaceAll(', New value: ', ', après ')
    .replaceAll(', From: ', ' : avant ')
    .replaceAll(', To: ', ', après ')

/** An event of the audit log in French. */
export function inFrench(event: string): string {
  for (const [pattern, french] of FORMS) {
    const found = pattern.exec(event)
    if (found) return french(...found.slice(1))
  }
  return event
}

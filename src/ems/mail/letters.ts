/** What the platform writes to people, in the language of the platform. */

export type Language = 'fr' | 'en'

export interface Text {
  subject: string
  text: string
}

interface About {
  platform: string
  username: string
}

export const passwordLinkLetter = (language: Language, { platform, username }: About, link: string): Text =>
  language === 'fr'
    ? {
        subject: `${platform} : choisir un nouveau mot de passe`,
        text: `Bonjour ${username},\n\nun nouveau mot de passe a été demandé pour votre compte sur ${platform}. Pour le choisir, ouvrez ce lien dans l'heure :\n\n${link}\n\nLe lien ne sert qu'une fois. Si vous n'avez rien demandé, ignorez ce message : votre mot de passe reste valable.\n`,
      }
    : {
        subject: `${platform}: choose a new password`,
        text: `Hello ${username},\n\na new password was asked for your account at ${platform}. Open this link within the hour to choose one:\n\n${link}\n\nThe link works once. If you asked for nothing, ignore this message: your password stays as it is.\n`,
      }

export const passwordChangedLetter = (language: Language, { platform, username }: About): Text =>
  language === 'fr'
    ? {
        subject: `${platform} : votre mot de passe a été changé`,
        text: `Bonjour ${username},\n\nle mot de passe de votre compte sur ${platform} vient d'être changé et toutes les sessions ont été fermées. Si ce n'était pas vous, prévenez l'administrateur de votre compte.\n`,
      }
    : {
        subject: `${platform}: your password was changed`,
        text: `Hello ${username},\n\nthe password of your account at ${platform} was just changed and all sessions were ended. If that was not you, tell the administrator of your account.\n`,
      }

export const signInCodeLetter = (language: Language, { platform, username }: About, code: string): Text =>
  language === 'fr'
    ? {
        subject: `${platform} : votre code ${code}`,
        text: `Bonjour ${username},\n\nvotre code de connexion est ${code}. Il est valable dix minutes.\n`,
      }
    : {
        subject: `${platform}: your code ${code}`,
        text: `Hello ${username},\n\nyour code to sign in is ${code}. It is good for ten minutes.\n`,
      }
